"""Queues: a link in isolation is a server, and queueing theory says how long messages wait."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.rng import Streams
from p2pkd.verify.check import Check, batch_means, sampled
from p2pkd.verify.traffic import Sending, arrivals, platform

Floats = NDArray[np.float64]
Sizes = Callable[[np.random.Generator, int], Floats]


def mm1(*, fast: bool) -> Iterator[Check]:
    """M/M/1 with arrival rate .5 and service rate 1.25: L = 2/3 in the system for W = 4/3."""
    law, source = "M/M/1 queue", "Kleinrock, Queueing Systems I (1975), ch. 3"
    rate = 0.5
    times, _sizes, ends = _served("fifo", "mm1", rate, _exponential(1 / 1.25), fast)
    sojourn = batch_means(ends - times)
    yield sampled(law, "time in system W", 4 / 3, sojourn, source)
    yield sampled(law, "number in system L", 2 / 3, _numbers(times, ends), source)


def waiting(*, fast: bool) -> Iterator[Check]:
    """At load .8 and service rate 1 the mean wait is 4 (M/M/1) and 2 (M/D/1)."""
    source = "Pollaczek-Khinchine"
    cases: list[tuple[str, Sizes, float]] = [
        ("M/M/1", _exponential(1.0), 4.0),
        ("M/D/1", lambda rng, n: np.ones(n), 2.0),
    ]
    for case, draw, expected in cases:
        times, sizes, ends = _served("fifo", f"waiting-{case}", 0.8, draw, fast, weight=4)
        waits = batch_means(ends - times - sizes)
        yield sampled("mean wait at load .8", case, expected, waits, source)


def processor_sharing(*, fast: bool) -> Iterator[Check]:
    """M/G/1-PS: E[T given S] = S / (C (1 - rho)), whatever the distribution of sizes."""
    source = "Kleinrock, Queueing Systems II (1976), ch. 4"
    law = "processor sharing, slowdown at load .5"
    cases: list[tuple[str, Sizes]] = [
        ("exponential sizes", _exponential(1.0)),
        # Shape 2.5 and mean 1: a variance of 0.8, and a heavy tail.
        ("Pareto sizes", lambda rng, n: 0.6 * (1 + rng.pareto(2.5, n))),
    ]
    for case, draw in cases:
        times, sizes, ends = _served("fair", f"sharing-{case}", 0.5, draw, fast)
        slowdown = (ends - times) / sizes
        yield sampled(law, f"{case}, all", 2.0, batch_means(slowdown), source)
        large = sizes > np.quantile(sizes, 0.9)
        yield sampled(law, f"{case}, largest tenth", 2.0, batch_means(slowdown[large], 20), source)


def _served(
    transport: Literal["fair", "fifo"],
    purpose: str,
    rate: float,
    draw: Sizes,
    fast: bool,
    weight: int = 1,
) -> tuple[Floats, Floats, Floats]:
    """Return arrival times, sizes and ends of Poisson traffic into one downlink of 1 byte/s."""
    rng = Streams(2026).generator(f"verify-{purpose}")
    n = (6_000 if fast else 60_000) * weight
    times = np.cumsum(rng.exponential(1 / rate, n))
    sizes = draw(rng, n)
    links = platform([np.inf, 1.0], [1.0, 1.0])
    sendings = [Sending(t, 0, 1, s) for t, s in zip(times.tolist(), sizes.tolist(), strict=True)]
    return times, sizes, np.array(arrivals(transport, links, sendings))


def _exponential(mean: float) -> Sizes:
    return lambda rng, n: rng.exponential(mean, n)


def _numbers(times: Floats, ends: Floats, batches: int = 40) -> list[float]:
    """Return the time average of the number in the system, over equal spans of time."""
    edges = np.linspace(times[len(times) // 10], times[-1], batches + 1)
    overlap = [
        np.clip(np.minimum(ends, high) - np.maximum(times, low), 0, None).sum() / (high - low)
        for low, high in itertools.pairwise(edges)
    ]
    return [float(value) for value in overlap]
