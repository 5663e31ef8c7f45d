"""Edges that fail: for exponential times, or anew in each period."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from itertools import count

import numpy as np

from p2pkd.core.rng import uniform, uniforms
from p2pkd.scenario.dynamics import EdgeDropout, EdgeFailure
from p2pkd.world.dynamics.base import Change, History, Setting, register
from p2pkd.world.topology import Topology


@register(EdgeFailure)
def _failure(spec: EdgeFailure, setting: Setting) -> History:
    edges: list[list[int]] = setting.topology.edges().tolist()
    keys: list[int] = setting.streams.keys("edge-failure", len(edges)).tolist()
    share_up = spec.mean_up / (spec.mean_up + spec.mean_down)

    def stay(edge: int, up: bool, turn: int) -> float:
        return -(spec.mean_up if up else spec.mean_down) * math.log1p(-uniform(keys[edge], turn))

    def history() -> Iterator[Change]:
        # 1. In equilibrium from the start, so that no share of time has to be thrown away.
        up = [uniform(key, 0) < share_up for key in keys]
        yield Change(0.0, edges=tuple((*edges[e], False) for e in range(len(edges)) if not up[e]))  # type: ignore[misc]
        # 2. Edges change in order of time; each then draws when it does so next.
        queue = [(stay(e, up[e], 1), e, 2) for e in range(len(edges))]
        heapq.heapify(queue)
        while queue:
            now, e, turn = queue[0]
            up[e] = not up[e]
            heapq.heapreplace(queue, (now + stay(e, up[e], turn), e, turn + 1))
            yield Change(now, edges=((edges[e][0], edges[e][1], up[e]),))

    return history


@register(EdgeDropout)
def _dropout(spec: EdgeDropout, setting: Setting) -> History:
    n, edges = setting.topology.n, setting.topology.edges()
    keys = setting.streams.keys("edge-dropout", len(edges))

    def history() -> Iterator[Change]:
        for turn in count():
            there = edges[uniforms(keys, np.array([turn], np.uint64)) >= spec.p]
            yield Change(turn * spec.every, Topology.from_edges(n, there[:, 0], there[:, 1]))

    return history
