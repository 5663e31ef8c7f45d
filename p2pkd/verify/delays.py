"""Latencies: of each kind the right distribution, one value a pair, and jitter around it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.verify.check import Check, alike, bounded, exact, sampled
from p2pkd.verify.observed import observe, talking

Floats = NDArray[np.float64]

ROUNDS = 2


def distributions(*, fast: bool) -> Iterator[Check]:
    """Median and deviation of log-normal delays, mean and deviation of uniform ones."""
    law, n = "latency", 40 if fast else 120
    lognormal = {"kind": "lognormal", "median": "80 ms", "sigma": 0.4}
    z = np.log(_pairs(n, lognormal)[0] / 0.08) / 0.4
    yield sampled(law, "log-normal, ln(L / median) / sigma, mean", 0.0, z)
    yield sampled(law, "log-normal, ln(L / median) / sigma, square", 1.0, z**2)
    u = (_pairs(n, {"kind": "uniform", "low": "20 ms", "high": "60 ms"})[0] - 0.02) / 0.04
    yield sampled(law, "uniform, (L - low) / (high - low), mean", 1 / 2, u)
    yield sampled(law, "uniform, (L - low) / (high - low), square", 1 / 3, u**2)
    yield bounded(law, "uniform, largest (L - low) / (high - low)", 1.0, float(u.max()))
    yield bounded(law, "uniform, -smallest", 0.0, -float(u.min()))


def pairs(*, fast: bool) -> Iterator[Check]:
    """A pair's delay is drawn once, and is the same in both directions."""
    first, again, back = _pairs(12, {"kind": "lognormal", "median": "80 ms", "sigma": 0.4})
    law = "latency of a pair, largest difference in s"
    yield bounded(law, "between two messages", 1e-9, float(np.abs(first - again).max()))
    yield bounded(law, "between two directions", 1e-9, float(np.abs(first - back).max()))


def places(*, fast: bool) -> Iterator[Check]:
    """Constant, by distance on a grid, and by measured round-trip times."""
    law = "latency in s"
    constant = _pairs(4, {"kind": "constant", "value": "70 ms"})[0]
    yield from alike(law, "constant", 0.07, constant.tolist())
    # Three rows of four: agent i stands in column i % 4 and row i // 4.
    by_distance = {"kind": "distance", "per_unit": "10 ms", "base": "5 ms"}
    found = _delays(12, by_distance, {"kind": "grid", "rows": 3})
    for a, b in ((0, 1), (0, 11), (2, 5)):
        far = math.hypot(a % 4 - b % 4, a // 4 - b // 4)
        yield exact(law, f"distance, {far:.3g} units", 0.005 + 0.01 * far, found[a, b][0])
    yield from _measured(law)


def _measured(law: str) -> Iterator[Check]:
    # Round trips in ms between three hosts; the two directions of the first pair differ.
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rtt.txt"
        file.write_text("0 10 40\n14 0 90\n40 90 0\n")
        spec = {"kind": "matrix", "path": str(file)}
        found = sorted(delays[0] for delays in _delays(3, spec).values())
        straight = {**spec, "measured": "one_way", "unit": "us"}
        ways = sorted(delays[0] for delays in _delays(3, straight).values())
        # Of five agents some are on one host: as far apart as that host and its nearest.
        many = {round(delays[0], 9) for delays in _delays(5, spec).values()}
    for i, expected in enumerate((0.006, 0.006, 0.020, 0.020, 0.045, 0.045)):
        yield exact(law, f"matrix, {i // 2 + 1} of 3, direction {i % 2 + 1}", expected, found[i])
    for i, us in enumerate((10, 14, 40, 40, 90, 90)):
        yield exact(law, f"one-way matrix in us, {i + 1} of 6 ways", us / 1e6, ways[i])
    wrong = len(many - {0.006, 0.020, 0.045})
    yield exact(law, "matrix, 5 agents on 3 hosts, others than measured", 0, wrong)


def jitter(*, fast: bool) -> Iterator[Check]:
    """Each message is late by a uniform share between -j and j of its pair's delay."""
    spec, share = {"kind": "constant", "value": "100 ms"}, 0.3
    rounds = 10 if fast else 60
    found = _delays(10, spec, rounds=rounds, jitter=f"{share:.0%}")
    late = np.concatenate(list(found.values())) / 0.1 - 1
    law = "jitter, (delay / L - 1) / j"
    yield sampled(law, "mean", 0.0, late / share)
    yield sampled(law, "square", 1 / 3, (late / share) ** 2)
    yield bounded(law, "largest size", 1.0, float(np.abs(late / share).max()))


def _pairs(n: int, latency: dict[str, Any]) -> tuple[Floats, Floats, Floats]:
    """Return the delays of all pairs: first message, second message, first one back."""
    found = _delays(n, latency)
    up = sorted(pair for pair in found if pair[0] < pair[1])
    return (
        np.array([found[pair][0] for pair in up]),
        np.array([found[pair][1] for pair in up]),
        np.array([found[b, a][0] for a, b in up]),
    )


def _delays(
    n: int,
    latency: dict[str, Any],
    topology: Any = "complete",
    rounds: int = ROUNDS,
    **links: Any,
) -> dict[tuple[int, int], list[float]]:
    """Return how long each message took, by sender and receiver; everybody tells everybody."""
    gossip = {"fanout": "all", "peers": "anyone"}
    values = talking(
        n,
        10.0 * rounds - 5,
        topology=topology,
        links={"transport": "instant", "latency": latency, **links},
        method={"gossip": gossip},
    )
    found: dict[tuple[int, int], list[float]] = {}
    for message in observe(values).messages:
        pair = message.sender, message.receiver
        found.setdefault(pair, []).append(message.ended_s - message.sent_s)
    return found
