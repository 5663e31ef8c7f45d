"""Seconds of real TCP: the measured cases, by group, held closer than `p2pkd verify` holds them."""

from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from p2pkd.engine.transport.packets import Tcp
from p2pkd.verify import real
from p2pkd.verify.replay import cases, group, play_tcp

# Median and 90th percentile of |relative error| and bias of the sums, in per cent, at most.
ALLOWED = {
    "a": (0.5, 2.0, 1.0),
    "a-open": (0.5, 1.0, 1.0),
    "b": (8.0, 21.0, 8.0),
    "c": (2.0, 5.0, 2.0),
    "d": (1.0, 6.0, 3.0),
    "d-open": (1.0, 6.0, 4.0),
    "f": (2.0, 5.0, 3.0),
    "reno": (2.0, 12.0, 4.0),
    "queue 15 kB": (8.0, 30.0, 8.0),
    "queue 1 MB": (0.5, 2.0, 0.5),
}


@cache
def flows():
    return list(real.played([case for case in cases() if group(case) in ALLOWED], "tcp"))


@pytest.mark.parametrize("name", ALLOWED)
def test_a_group_takes_as_long_as_it_did(name):
    own = [flow for flow in flows() if flow.group == name]
    row = real.row(name, "tcp", own)
    median, most, sums = ALLOWED[name]
    assert row.median <= median
    assert row.p90 <= most
    whole = sum(flow.simulated_s for flow in own) / sum(flow.measured_s for flow in own)
    assert 100 * abs(whole - 1) <= sums


def test_losses_are_distributed_as_they_were():
    far = real.deviations(cases())
    assert len(far) == 8
    assert sum(abs(each) > real.SIGMAS for each in far) <= 1


class Hosts(Tcp):
    """`Tcp` between hosts that take a moment, drawn anew each time, to react to a packet.

    Without, packets meet in queues in the same way each time they come; one flow loses and another
    never does (phase effects, Floyd and Jacobson 1991).  Real runs differ in it.
    """

    def __init__(self, *args: Any, seed: int, late_s: float = 0.0001, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._draw, self._late_s = np.random.default_rng([seed, 1]).random, late_s
        self._reacts: dict[int, tuple[float, float]] = {}

    def send(self, packet, source, target, now, *more):
        """Send *packet* a moment later; what is sent at once stays so, in order."""
        heard, due = self._reacts.get(source, (-1.0, 0.0))
        if heard != now:
            due = max(due, now + self._late_s * self._draw())
            self._reacts[source] = now, due
        return super().send(packet, source, target, due, *more)


def draws(case, count):
    """Return the seconds of each flow in *count* runs whose hosts react a little late."""
    runs = [play_tcp(case, k, partial(Hosts, seed=k)) for k in range(count)]
    return [list(seconds) for seconds in zip(*runs, strict=True)]


def test_draws_differ_where_flows_meet_and_nowhere_else():
    (alone,) = draws(cases()[0], 3)[:1]
    assert np.ptp(alone) < 0.002 * np.mean(alone)
    meeting = next(case for case in cases() if case["name"].startswith("queue 15 kB"))
    assert max(np.ptp(seconds) / np.mean(seconds) for seconds in draws(meeting, 3)) > 0.05
