"""Who is told what a run does: whoever asked, and the run directory."""

import pytest

import p2pkd
from p2pkd.core.records import Observer
from p2pkd.run import Fan

TINY = {
    "name": "tiny",
    "duration": "2 min",
    "agents": 4,
    "topology": "ring",
    "links": {"loss": "20 %"},
    "data": {"dataset": "digits", "reference": {"rows": 32}},
}


class Ear(Observer):
    def __init__(self):
        self.heard = []

    def message(self, record):
        self.heard.append(record)


class Clock(Observer):
    def __init__(self):
        self.now_s = 0.0

    def advance(self, now_s, events):
        self.now_s = now_s


def on_record(result):
    return [tuple(row) for row in result.messages.itertuples(index=False)]


@pytest.mark.parametrize("dry_run", [True, False])
def test_observers_and_the_run_directory_hear_every_message(tmp_path, dry_run):
    one, two, clock = Ear(), Ear(), Clock()
    watched = [one, Observer(), two, clock]
    result = p2pkd.simulate(TINY, out=tmp_path / "a", observers=watched, dry_run=dry_run)
    assert len(one.heard) == result.summary["messages_sent"] > 10
    assert [tuple(record) for record in one.heard] == on_record(result)
    assert two.heard == one.heard
    assert clock.now_s == 120.0


def test_the_messages_are_on_record_without_observers(tmp_path):
    alone = p2pkd.simulate(TINY, out=tmp_path / "a", dry_run=True)
    watched = p2pkd.simulate(TINY, out=tmp_path / "b", dry_run=True, observers=[Ear()])
    assert on_record(alone) == on_record(watched)
    assert len(alone.messages) == alone.summary["messages_sent"] > 10
    assert alone.summary["fingerprint"] == watched.summary["fingerprint"]


def test_a_fan_tells_whoever_overrides_a_hook():
    one, two = Ear(), Ear()
    fan = Fan([Observer(), one])
    fan.message("first")
    fan.add(two, first=True)
    fan.message("second")
    fan.compute("nobody listens")
    assert (one.heard, two.heard) == (["first", "second"], ["second"])


def test_a_fan_of_nobody_looks_as_if_it_listened():
    """What sends messages asks once, before the recorder is added, whether it must tell."""
    assert all(hook in vars(Fan([])) for hook in Fan.HOOKS)
