"""Agents that move about, and hear those who are near."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.rng import uniforms
from p2pkd.scenario.dynamics import RandomWaypoint
from p2pkd.world.dynamics.base import Change, History, Setting, register
from p2pkd.world.topology import Topology

Floats = NDArray[np.float64]


class Walkers:
    """*n* agents on their legs through the square; positions in metres, ``(n, 2)``.

    *start* are the first positions, and *keys* the agents' random streams, ``(n,)``.
    """

    def __init__(self, spec: RandomWaypoint, start: Floats, keys: NDArray[np.uint64]) -> None:
        self.spec = spec
        self.keys = keys
        self.turns = np.zeros(len(start), np.uint64)
        self.source, self.target = start.copy(), start.copy()
        # When each leg begins, when it arrives, and when the pause after it is over, s.
        self.leaves, self.arrives, self.ends = (np.zeros(len(start)) for _ in range(3))

    def at(self, now_s: float) -> Floats:
        """Return where all are at *now_s*, which never goes back."""
        while len(done := np.flatnonzero(self.ends <= now_s)):
            self._set_out(done)
        gone = (now_s - self.leaves) / np.maximum(self.arrives - self.leaves, 1e-12)
        share = np.clip(gone, 0.0, 1.0)[:, None]
        return self.source + share * (self.target - self.source)

    def _set_out(self, who: NDArray[np.int64]) -> None:
        spec = self.spec
        first = self.turns[who, None] * np.uint64(3)
        counters = (first + np.arange(3, dtype=np.uint64)).astype(np.uint64)
        draws = uniforms(self.keys[who, None], counters)
        self.turns[who] += np.uint64(1)
        self.source[who] = self.target[who]
        self.target[who] = draws[:, :2] * spec.side
        speed = spec.slowest + draws[:, 2] * (spec.fastest - spec.slowest)
        way = np.linalg.norm(self.target[who] - self.source[who], axis=1)
        self.leaves[who] = self.ends[who]
        self.arrives[who] = self.ends[who] + way / speed
        self.ends[who] = self.arrives[who] + spec.pause


@register(RandomWaypoint)
def _waypoint(spec: RandomWaypoint, setting: Setting) -> History:
    n = setting.topology.n
    keys = setting.streams.keys("mobility", n)
    start = _stretched(setting.topology.positions, spec.side)
    if start is None:
        rng = setting.streams.generator("mobility-start")
        start = rng.random((n, 2)) * spec.side

    def history() -> Iterator[Change]:
        walkers = Walkers(spec, start, keys)
        for turn in count():
            now = turn * spec.every
            yield Change(now, within(walkers.at(now), spec.radius))

    return history


def within(positions: Floats, radius: float) -> Topology:
    """Return the graph that joins those of *positions*, ``(n, 2)``, at most *radius* apart."""
    from scipy.spatial import cKDTree

    pairs = cKDTree(positions).query_pairs(radius, output_type="ndarray")
    return Topology.from_edges(len(positions), pairs[:, 0], pairs[:, 1], positions=positions)


def _stretched(positions: Floats | None, side: float) -> Floats | None:
    """Return *positions* moved and stretched, alike both ways, to fill a square of this *side*."""
    if positions is None:
        return None
    moved = positions - positions.min(axis=0)
    largest = moved.max()
    return moved * (side / largest) if largest > 0 else None
