"""Memories: expiry at the boundary, late and duplicate messages, windows."""

from dataclasses import dataclass

import pytest

from p2pkd.knowledge.memory import LatestPerPeer, Once, Window


@dataclass(frozen=True)
class Memo:
    sender: int
    made_s: float
    message: int


def told(memory, *memos):
    for memo in memos:
        memory.store(memo)
    return memory


def test_latest_per_peer_keeps_the_newest_of_each_sender():
    a1, a2, b1 = Memo(1, 10.0, 0), Memo(1, 20.0, 1), Memo(2, 5.0, 2)
    assert told(LatestPerPeer().build(), a1, a2, b1).read(30.0) == [a2, b1]


def test_a_late_message_does_not_replace_a_newer_one():
    old, new = Memo(1, 10.0, 0), Memo(1, 20.0, 1)
    assert told(LatestPerPeer().build(), new, old).read(30.0) == [new]


def test_a_duplicate_changes_nothing():
    memo = Memo(1, 10.0, 0)
    assert told(LatestPerPeer().build(), memo, memo).read(30.0) == [memo]


@pytest.mark.parametrize("spec", [LatestPerPeer, Window, Once])
def test_contents_expire_just_after_max_age(spec):
    memo = Memo(1, 10.0, 0)
    at, after = 310.0, 310.001
    assert told(spec(max_age="5 min").build(), memo).read(at) == [memo]
    assert told(spec(max_age="5 min").build(), memo).read(after) == []


def test_age_counts_from_the_making_not_from_the_arrival():
    stale = Memo(1, 0.0, 7)
    memory = told(LatestPerPeer(max_age="1 min").build(), stale)
    assert memory.read(61.0) == []


def test_window_keeps_the_n_newest_whoever_sent_them():
    memos = [Memo(sender, made, i) for i, (sender, made) in enumerate([(1, 4.0), (1, 3), (2, 9)])]
    assert told(Window(n=2).build(), *memos).read(10.0) == [memos[0], memos[2]]


def test_once_forgets_what_it_has_given():
    memory = told(Once().build(), Memo(1, 0.0, 0))
    assert len(memory.read(1.0)) == 1
    assert memory.read(1.0) == []


def test_clear_forgets_everything():
    for spec in (LatestPerPeer(), Window(), Once()):
        memory = told(spec.build(), Memo(1, 0.0, 0))
        memory.clear()
        assert memory.read(0.0) == []
