"""Memories: expiry at the boundary, late and duplicate messages, windows."""

from dataclasses import dataclass

import numpy as np
import pytest

from p2pkd.core.rng import Streams
from p2pkd.knowledge.memory import Inbox, LatestPerPeer, LatestPerRow, Once, Reservoir, Window


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


@pytest.mark.parametrize("spec", [LatestPerPeer, Once, Reservoir, Window])
def test_a_duplicate_changes_nothing(spec):
    memo, again = Memo(1, 10.0, 0), Memo(1, 10.0, 0)
    assert told(spec().build(), memo, again).read(30.0) == [memo]


@pytest.mark.parametrize("spec", [LatestPerPeer, Window, Once, Inbox, Reservoir])
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


def test_an_inbox_gives_every_message_once_those_of_one_sender_too():
    memos = [Memo(2, 5.0, 2), Memo(1, 20.0, 1), Memo(1, 10.0, 0)]
    memory = told(Inbox().build(), *memos)
    assert memory.read(30.0) == [memos[2], memos[1], memos[0]]
    assert memory.read(30.0) == []


def test_once_forgets_what_it_has_given():
    memory = told(Once().build(), Memo(1, 0.0, 0))
    assert len(memory.read(1.0)) == 1
    assert memory.read(1.0) == []


def test_clear_forgets_everything():
    for spec in (LatestPerPeer(), Window(), Once(), Inbox(), Reservoir()):
        memory = told(spec.build(), Memo(1, 0.0, 0))
        memory.clear()
        assert memory.read(0.0) == []


def test_reservoir_keeps_a_sample_that_order_and_duplicates_do_not_change():
    memos = [Memo(i % 3, float(i), i) for i in range(40)]
    forwards = told(Reservoir(n=6).build(key=5), *memos).read(100.0)
    backwards = told(Reservoir(n=6).build(key=5), *memos[::-1], *memos).read(100.0)
    assert forwards == backwards
    assert len(forwards) == 6
    assert told(Reservoir(n=6).build(key=6), *memos).read(100.0) != forwards


def test_reservoir_is_uniform_over_everything_heard():
    """Each of 20 messages is kept in half of 4,000 reservoirs: within five standard deviations."""
    memos = [Memo(0, float(i), i) for i in range(20)]
    kept = [0] * 20
    for key in Streams(1).keys("reservoir", 4000).tolist():
        for memo in told(Reservoir(n=10).build(key=key), *memos).read(100.0):
            kept[memo.message] += 1
    assert all(abs(count - 2000) < 5 * 31.7 for count in kept)


@dataclass(frozen=True)
class RowMemo(Memo):
    rows: tuple[int, ...] = ()

    @classmethod
    def of(cls, sender, made, message, *rows):
        return cls(sender, made, message, np.array(rows))


def said(memory, now=100.0):
    return [(e.sender, e.message, e.rows.tolist(), e.at.tolist()) for e in memory.read(now)]


def test_latest_per_row_keeps_what_newer_messages_leave_out():
    old = RowMemo.of(1, 10.0, 0, 3, 5, 9)
    new = RowMemo.of(1, 20.0, 1, 5, 7)
    other = RowMemo.of(2, 15.0, 2, 5)
    expected = [(1, 0, [3, 9], [0, 2]), (1, 1, [5, 7], [0, 1]), (2, 2, [5], [0])]
    assert said(told(LatestPerRow().build(), old, new, other)) == expected
    assert said(told(LatestPerRow().build(), other, new, old, new)) == expected


def test_a_message_with_all_rows_replaced_is_forgotten():
    old, new = RowMemo.of(1, 10.0, 0, 3, 5), RowMemo.of(1, 20.0, 1, 5, 3)
    assert said(told(LatestPerRow().build(), old, new)) == [(1, 1, [5, 3], [0, 1])]


def test_rows_expire_with_their_message():
    old, new = RowMemo.of(1, 10.0, 0, 3, 5), RowMemo.of(1, 60.0, 1, 5)
    memory = told(LatestPerRow(max_age="1 min").build(), old, new)
    assert len(said(memory, 70.0)) == 2
    assert said(memory, 71.0) == [(1, 1, [5], [0])]
