"""Who is online when, and what an absence does to messages and computations."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.records import ABORTED, PresenceRecord
from p2pkd.verify.check import Check, alike, exact, sampled
from p2pkd.verify.observed import (
    DOWNLINK,
    FLOPS_PER_S,
    LATENCY_S,
    UPLINK,
    Observed,
    base,
    observe,
    talking,
)

Floats = NDArray[np.float64]

ON_S, OFF_S = 30.0, 10.0
SIGMA, SHAPE = 0.8, 0.7
FIRST = 12


def sessions(*, fast: bool) -> Iterator[Check]:
    """Share online, lengths of sessions and absences, and what is left of the first one."""
    half = SIGMA**2 / 2
    square = math.gamma(1 + 2 / SHAPE) / math.gamma(1 + 1 / SHAPE) ** 2
    # Beside the two lengths that the scenario gives: mean over it, mean square over its square.
    kinds: list[tuple[dict[str, Any], float, float]] = [
        ({"kind": "exponential"}, 1.0, 2.0),
        ({"kind": "lognormal", "sigma": SIGMA}, math.exp(half), math.exp(4 * half)),
        ({"kind": "weibull", "shape": SHAPE}, 1.0, square),
    ]
    for spec, mean, mean_square in kinds:
        yield from _renewal(spec, mean, mean_square, 300 if fast else 3000)


def _renewal(spec: dict[str, Any], mean: float, mean_square: float, n: int) -> Iterator[Check]:
    law, kind = "sessions", spec["kind"]
    full = {**spec, "online": f"{ON_S} s", "offline": f"{OFF_S} s"}
    seen, end = _silent(n, 2000.0, full)
    share = ON_S / (ON_S + OFF_S)
    first = [_online_at(seen, n, t) for t in (0.0, 700.0)]
    yield sampled(law, f"{kind}, online at 0 s", share, first[0])
    yield sampled(law, f"{kind}, online at 700 s", share, first[1])
    yield sampled(law, f"{kind}, time online", share, [a.online_s / end for a in seen.agents])
    on, off, left = _lengths(seen, n)
    yield sampled(law, f"{kind}, mean session over what is given", mean, on / ON_S)
    yield sampled(law, f"{kind}, mean absence over what is given", mean, off / OFF_S)
    # The mean of the logarithm's square is what a heavy tail leaves measurable.
    power = "^2" if kind == "lognormal" else ""
    yield sampled(law, f"{kind}, mean of ln(session){power}", *_logarithm(spec, on / ON_S))
    # What is left at a random instant: E[X^2] / 2 E[X] (Cox, Renewal Theory, 1962, ch. 5).
    rest = mean_square / mean / 2
    yield sampled(law, f"{kind}, rest of the first session", rest, left / ON_S, "Cox (1962)")


def _logarithm(spec: dict[str, Any], lengths: Floats) -> tuple[float, Floats]:
    """Return the expected mean of ln of *lengths*, and these logarithms.

    That of a Weibull variate of mean 1 is -gamma / k - ln Gamma(1 + 1 / k), with Euler's gamma.
    """
    logs: Floats = np.log(lengths)
    if spec["kind"] == "lognormal":
        return SIGMA**2, logs**2
    k = spec.get("shape", 1.0)
    return -np.euler_gamma / k - math.lgamma(1 + 1 / k), logs


def other_schedules(*, fast: bool) -> Iterator[Check]:
    """A daily curve, a trace, late arrivals, departures, failures."""
    n = 400 if fast else 4000
    curve = {"kind": "diurnal", "curve": ["20 %", "80 %", "50 %"], "day": "90 s"}
    seen, _ = _silent(n, 300.0, curve)
    # Straight lines between the values, which are 30 s apart.
    for time, share in ((0.0, 0.2), (15.0, 0.5), (120.0, 0.8), (255.0, 0.35)):
        case = f"daily curve, online at {time:g} s"
        yield sampled("sessions", case, share, _online_at(seen, n, time + 1e-6))
    # Whose number is below .3 is there from 5 s on, for as long as the curve is above it.
    early = (_online_at(seen, n, 5.0) > 0) & (_online_at(seen, n, 55.0) == 0)
    yield exact("sessions", "daily curve, there at 5 s and away at 55 s", 0, int(early.sum()))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "sessions.txt"
        file.write_text("0, 5, 10, 20, 30\n1, 0, 40\n")
        seen, _ = _silent(2, 100.0, {"kind": "trace", "path": str(file)})
    yield exact("sessions", "trace, 10 s and 30 s online", 40.0, seen.agents[0].online_s)
    yield exact("sessions", "trace, 40 s online", 40.0, seen.agents[1].online_s)
    turnover = {"share": "50 %", "after": "10 s", "until": "50 s"}
    for what, sign in (("arrivals", True), ("departures", False)):
        seen = observe(_mute(n, 100.0, churn={what: turnover}))
        times = [p.time_s for p in seen.presences if p.online is sign]
        yield exact("sessions", f"{what}, how many of {n}", n / 2, len(times))
        yield sampled("sessions", f"{what}, mean time", 30.0, times)
        spread = (np.array(times) - 30) ** 2
        yield sampled("sessions", f"{what}, variance of times", 40**2 / 12, spread)
    failures = [{"at": "10 s", "lasts": "20 s", "share": "30 %"}]
    seen = observe(_mute(20, 100.0, churn={"failures": failures}))
    away = [100 - agent.online_s for agent in seen.agents if agent.online_s < 100]
    yield exact("sessions", "failure, how many of 20", 6, len(away))
    yield from alike("sessions", "failure, seconds", 20.0, away)


def aborted(*, fast: bool) -> Iterator[Check]:
    """What an end that leaves has let across is charged; nothing reaches who is offline."""
    law, at = "aborted", 0.2
    # A fluid flow joins after the latency; a fifo message enters its uplink at once.
    for transport, crossed in (
        ("fair", (at - LATENCY_S) * min(UPLINK, DOWNLINK)),
        ("fifo", at * UPLINK),
    ):
        links = {"transport": transport, "header": "1064 B"}
        seen = observe(talking(2, 15.0, links=links, churn=_failure(at)))
        lost = [m for m in seen.messages if m.sent_s == 0]
        yield exact(law, f"{transport}, messages", 2, sum(m.status == ABORTED for m in lost))
        sizes = [m.wire_bytes for m in lost]
        yield from alike(law, f"{transport}, bytes that crossed", crossed, sizes)
        yield exact(law, f"{transport}, seconds", at, lost[0].ended_s - lost[0].sent_s)
        later = [m for m in seen.messages if m.sent_s == 10]
        yield exact(law, f"{transport}, from who is offline", 0, sum(m.sender == 1 for m in later))
        sizes = [m.wire_bytes for m in later if m.receiver == 1]
        yield from alike(law, f"{transport}, bytes to who is offline", 0, sizes)
    # While the latency lasts, nothing of a fluid flow has crossed.
    sent = observe(talking(2, 9.0, churn=_failure(LATENCY_S / 2))).messages
    yield from alike(law, "fair, bytes within the latency", 0, [m.wire_bytes for m in sent])
    endless = {"learn": {"local_steps": 100_000}}
    seen = observe(base(2, 15.0, method=endless, churn=_failure(3.0)))
    flops = [c.flops for c in seen.computations if c.agent == 1]
    yield from alike(law, "FLOPs of a computation cut short", 3 * FLOPS_PER_S, flops)
    resumed = {"computation": "resumes", "failures": [{"at": "3 s", "lasts": "4 s", "agents": [1]}]}
    seen = observe(base(2, 15.0, method=endless, churn=resumed))
    flops = [sum(c.flops for c in seen.computations if c.agent == 1)]
    yield from alike(law, "FLOPs of one that is resumed", 11 * FLOPS_PER_S, flops)


def _failure(at: float) -> dict[str, Any]:
    return {"failures": [{"at": f"{at} s", "agents": [1]}]}


def _mute(n: int, duration_s: float, **sections: Any) -> dict[str, Any]:
    """Return a scenario in which agents do nothing but come and go."""
    gossip = {"protocol": "none", "every": "1 h", "clock": "periodic"}
    return talking(n, duration_s, topology="ring", method={"gossip": gossip}, **sections)


def _silent(n: int, duration_s: float, spec: dict[str, Any]) -> tuple[Observed, float]:
    return observe(_mute(n, duration_s, churn={"sessions": spec})), duration_s


def _online_at(seen: Observed, n: int, time_s: float) -> Floats:
    """Return for each agent 1 if it is online at *time_s*, else 0."""
    online = np.ones(n)
    for presence in seen.presences:
        if presence.time_s <= time_s:
            online[presence.agent] = presence.online
    return online


def _lengths(seen: Observed, n: int) -> tuple[Floats, Floats, Floats]:
    """Return whole sessions, whole absences, and rests of first sessions, all in seconds.

    Of each agent the first few that begin within the run, which is so long that hardly any of
    these is cut off by its end.
    """
    on, off, left = [], [], []
    of: list[list[PresenceRecord]] = [[] for _ in range(n)]
    for presence in seen.presences:
        of[presence.agent].append(presence)
    for own in of:
        if own and own[0].time_s == 0:
            own = own[1:]  # it begins offline
        elif own:
            left.append(own[0].time_s)
        spans = [(a.online, b.time_s - a.time_s) for a, b in pairwise(own)]
        on += [span for online, span in spans if online][:FIRST]
        off += [span for online, span in spans if not online][:FIRST]
    return np.array(on), np.array(off), np.array(left)
