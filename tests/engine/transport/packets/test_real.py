"""Seconds of real TCP: the measured cases, by group."""

from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from p2pkd.verify.replay import cases, draws, group, play_tcp

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
def pairs() -> dict[str, list[tuple[float, float]]]:
    """Return (measured, simulated) seconds by group."""
    found = defaultdict(list)
    for case in cases():
        if group(case) in ALLOWED:
            seconds = play_tcp(case)
            found[group(case)] += [
                (flow[5], simulated) for flow, simulated in zip(case["flows"], seconds, strict=True)
            ]
    return found


@pytest.mark.parametrize("name", ALLOWED)
def test_a_group_takes_as_long_as_it_did(name):
    measured, simulated = np.array(pairs()[name]).T
    off = 100 * np.abs(simulated / measured - 1)
    bias = 100 * abs(simulated.sum() / measured.sum() - 1)
    median, most, sums = ALLOWED[name]
    assert np.median(off) <= median
    assert np.quantile(off, 0.9) <= most
    assert bias <= sums


def test_losses_are_distributed_as_they_were():
    outside = []
    for case in cases():
        if "loss" in case:
            drawn = np.array([play_tcp(case, seed)[0] for seed in range(40)])
            runs = case["flows"][0][6]
            error = drawn.std(ddof=1) / len(runs) ** 0.5
            outside.append(abs(drawn.mean() - np.mean(runs)) > 2 * error)
    assert sum(outside) <= 1


def test_draws_differ_where_flows_meet_and_nowhere_else():
    (alone,) = draws(cases()[0], 3)[:1]
    assert np.ptp(alone) < 0.002 * np.mean(alone)
    meeting = next(case for case in cases() if case["name"].startswith("queue 15 kB"))
    assert max(np.ptp(seconds) / np.mean(seconds) for seconds in draws(meeting, 3)) > 0.05
