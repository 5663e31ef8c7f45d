"""Schedules of sessions against the closed forms of renewal theory, and traces from files."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import TraceError
from p2pkd.core.rng import Streams
from p2pkd.scenario import churn as specs
from p2pkd.world.sessions import build_sessions
from p2pkd.world.topology import Topology

N = 3000


def ring(n, names=None):
    return Topology.from_edges(n, np.arange(n), (np.arange(n) + 1) % n, names=names)


def schedules(spec, n=N, seed=1, base=Path(), names=None):
    return build_sessions(spec, ring(n, names), list(range(n)), Streams(seed), base)


def states(schedule, times):
    """Return the state at each of *times*, ascending."""
    changes = np.array(list(islice(schedule.changes, 400)))
    return (np.searchsorted(changes, times, side="right") % 2 == 1) != schedule.online


RENEWAL = [
    specs.ExponentialSessions(online="9 min", offline="1 min"),
    specs.LognormalSessions(online="10 min", online_share=0.9, sigma=1.0),
    specs.WeibullSessions(online="10 min", offline="5 min", shape=0.6),
]


@pytest.mark.parametrize("spec", RENEWAL, ids=lambda spec: spec.kind)
def test_the_share_online_is_the_same_at_all_times(spec):
    """From the start on: the state is stationary, the residual lengths are right."""
    share = {"exponential": 0.9, "lognormal": 0.9, "weibull": 2 / 3}[spec.kind]
    times = np.array([0.0, 60, 300, 600, 1200, 3600])
    online = np.stack([states(s, times) for s in schedules(spec).values()])
    error = 4 * np.sqrt(share * (1 - share) / N)
    np.testing.assert_allclose(online.mean(axis=0), share, atol=error)


def test_lognormal_medians():
    spec = specs.LognormalSessions(online="100 s", offline="50 s", sigma=0.5)
    lengths = {True: [], False: []}
    for schedule in schedules(spec, 300).values():
        changes = list(islice(schedule.changes, 40))
        for k, length in enumerate(np.diff(changes)):
            lengths[schedule.online == (k % 2 == 1)].append(length)
    assert np.median(lengths[True]) == pytest.approx(100, rel=0.03)
    assert np.median(lengths[False]) == pytest.approx(50, rel=0.03)


def test_weibull_means():
    spec = specs.WeibullSessions(online="100 s", offline="100 s", shape=0.7)
    gaps = np.concatenate(
        [np.diff(list(islice(s.changes, 100))) for s in schedules(spec, 400).values()]
    )
    assert gaps.mean() == pytest.approx(100, rel=0.03)
    assert gaps.std() == pytest.approx(146.2, rel=0.05)  # 100 sqrt(G(1 + 2/k) / G(1 + 1/k)^2 - 1)


def test_diurnal_share_follows_the_curve():
    spec = specs.DiurnalSessions(curve=[0.2, 0.8, 0.5, 0.9], day="24 h")
    times = 3600 * np.array([0.0, 3, 6, 9, 12, 15, 18, 21, 24, 30])
    expected = np.interp(times % 86400, 21600 * np.arange(5), [0.2, 0.8, 0.5, 0.9, 0.2])
    online = np.stack([states(s, times) for s in schedules(spec).values()]).mean(axis=0)
    np.testing.assert_allclose(online, expected, atol=4 * 0.5 / np.sqrt(N))


def test_diurnal_days_are_shifted():
    spec = specs.DiurnalSessions(curve=[0, 1, 0], day="24 h", spread="24 h")
    online = np.stack([states(s, np.array([0.0, 1e5])) for s in schedules(spec).values()])
    mean = (0.5 + 0.5 + 0) / 3
    np.testing.assert_allclose(online.mean(axis=0), mean, atol=4 * 0.5 / np.sqrt(N))


def test_a_constant_curve_changes_nothing():
    for share in (0, 1):
        spec = specs.DiurnalSessions(curve=[share, share], day="1 s")
        found = schedules(spec, 2)
        assert [(s.online, list(s.changes)) for s in found.values()] == [(share == 1, [])] * 2


def test_an_agent_has_its_own_stream():
    spec = RENEWAL[0]
    few, many = schedules(spec, 3), schedules(spec, 30)
    for agent in range(3):
        assert list(islice(few[agent].changes, 9)) == list(islice(many[agent].changes, 9))


def trace(tmp_path, text, numbers="durations", names=None, n=3):
    (tmp_path / "sessions.csv").write_text(text)
    spec = specs.TraceSessions(path="sessions.csv", numbers=numbers)
    found = schedules(spec, n, base=tmp_path, names=names)
    return {agent: (s.online, list(s.changes)) for agent, s in found.items()}


def test_a_trace(tmp_path):
    text = "id, start, on, off, on\n0, 0, 600, 120, 900  # home\n\n2, 30, 10\n2, 50, 5, 5\n"
    assert trace(tmp_path, text) == {
        0: (True, [600.0, 720.0, 1620.0]),
        2: (False, [30.0, 40.0, 50.0, 55.0, 60.0]),
    }


def test_a_trace_of_times(tmp_path):
    found = trace(tmp_path, "b, 5, 9\na, 0\n", "times", names=("a", "b", "c"))
    assert found == {0: (True, []), 1: (False, [5.0, 9.0])}


@pytest.mark.parametrize(
    ("text", "numbers", "words"),
    [
        (
            "0, 0, 5\n7, 0, 5\n",
            "durations",
            r"sessions.csv:2: there is no agent '7'; they are numbered 0 to 2",
        ),
        ("0, 0, -5\n", "durations", r"sessions.csv:1: number 2: -5 s; times and lengths must be"),
        ("0, 0, x\n", "durations", r"sessions.csv:1: number 2: 'x' is not a number of seconds"),
        ("0, 0, nan\n", "durations", r"sessions.csv:1: number 2: nan s"),
        ("0\n", "durations", r"sessions.csv:1: agent '0' has no start"),
        ("# nothing\n", "durations", r"sessions.csv: no sessions"),
        ("0, 0, 9\n0, 5, 9\n", "durations", r"sessions.csv:2: sessions overlap: line 1 lasts unt"),
        ("0, 0\n0, 5, 9\n", "durations", r"sessions.csv:2: sessions overlap: line 1 is online for"),
        ("0, 5, 4\n", "times", r"sessions.csv:1: sessions overlap: 4 s after 5 s"),
    ],
)
def test_wrong_traces_are_refused(tmp_path, text, numbers, words):
    with pytest.raises(TraceError, match=words):
        trace(tmp_path, text, numbers)


def test_one_of_offline_and_share():
    with pytest.raises(ValueError, match="give either offline or online_share"):
        specs.ExponentialSessions(online="1 s")
