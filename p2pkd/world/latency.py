"""One-way delays of pairs, from their specification: one builder a kind.

A delay is a function of the unordered pair and the seed, computed when asked for: no table of all
pairs, and adding an agent changes nobody's delay.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from math import exp
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from p2pkd.core.errors import InputError, TraceError
from p2pkd.core.rng import Streams, uniform, uniforms
from p2pkd.scenario import links as specs
from p2pkd.scenario.links import LatencySpec
from p2pkd.world.paths import locate
from p2pkd.world.rtt_matrix import read_matrix, read_rtt_matrix
from p2pkd.world.topology import Topology

Delay = Callable[[int, int], float]
"""From the pair's smaller and larger node to seconds."""


class OneWay:
    """A `Delay` that differs by direction: it is asked for from sender to receiver."""

    def __init__(self, delay: Delay) -> None:
        self._delay = delay

    def __call__(self, a: int, b: int) -> float:
        """Return the delay from *a* to *b*, s."""
        return self._delay(a, b)


@singledispatch
def build_delay(spec: LatencySpec, topology: Topology, streams: Streams, base: Path) -> Delay:
    """Return the delay function of *spec*.

    Raise InputError if the topology lacks what it needs, TraceError if a file is wrong.
    """
    raise InputError(f"no builder for the latency {type(spec).__name__}")


def register(spec: type[LatencySpec]) -> Any:
    """Return a decorator that makes a function with `build_delay`'s arguments the one of *spec*."""
    return build_delay.register(spec)


@build_delay.register
def _constant(
    spec: specs.ConstantLatency, topology: Topology, streams: Streams, base: Path
) -> Delay:
    return lambda a, b: spec.value


@build_delay.register
def _uniform(spec: specs.UniformLatency, topology: Topology, streams: Streams, base: Path) -> Delay:
    draw = _pair_uniform(streams)
    low, width = spec.low, spec.high - spec.low
    return lambda a, b: low + width * draw(a, b)


@build_delay.register
def _lognormal(
    spec: specs.LognormalLatency, topology: Topology, streams: Streams, base: Path
) -> Delay:
    """Inverse transform: median exp(sigma Phi^-1(u))."""
    draw, quantile = _pair_uniform(streams), NormalDist().inv_cdf
    median, sigma = spec.median, spec.sigma
    # Half a step of the 53-bit grid keeps u away from 0, where the quantile is minus infinity.
    return lambda a, b: median * exp(sigma * quantile(draw(a, b) + 2.0**-54))


@build_delay.register
def _distance(
    spec: specs.DistanceLatency, topology: Topology, streams: Streams, base: Path
) -> Delay:
    places = topology.positions
    if places is None:
        raise InputError(
            "links.latency: kind: distance needs positions, which this topology does not have; "
            "use random_geometric, grid, topohub or a file whose nodes have x and y"
        )
    x, y = places.T.tolist()
    return lambda a, b: spec.base + spec.per_unit * ((x[a] - x[b]) ** 2 + (y[a] - y[b]) ** 2) ** 0.5


@build_delay.register
def _matrix(spec: specs.MatrixLatency, topology: Topology, streams: Streams, base: Path) -> Delay:
    file = locate(spec.path, base, TraceError, "links.latency.path")
    if spec.measured == "one_way":
        one_way = read_matrix(file, spec.unit, "latency")
    else:
        one_way = read_rtt_matrix(file, spec.unit) / 2
    # Two agents on one host are as far apart as that host and its nearest.
    np.fill_diagonal(one_way, np.where(np.eye(len(one_way)), np.inf, one_way).min(axis=1))
    host = _hosts(topology.n, len(one_way), streams).tolist()
    if spec.measured == "one_way":
        return OneWay(lambda a, b: float(one_way[host[a], host[b]]))
    return lambda a, b: float(one_way[host[a], host[b]])


def _hosts(n: int, m: int, streams: Streams) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return a host of *m* for each agent, the first *m* agents all on different ones."""
    first = streams.generator("latency hosts").permutation(m)[:n]
    chance = uniforms(streams.keys("latency hosts", n)[m:], np.zeros(1, np.uint64))
    return np.concatenate([first, (chance * m).astype(np.int64)])


def _pair_uniform(streams: Streams) -> Delay:
    """Return the function from a pair to its uniform number in [0, 1)."""
    key = int(streams.keys("latency", 1)[0])
    return lambda a, b: uniform(key, a << 32 | b)
