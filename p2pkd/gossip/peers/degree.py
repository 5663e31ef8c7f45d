"""Neighbours with many neighbours first, or last."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import Draws, PeerSampler
from p2pkd.scenario.method import PeersSpec
from p2pkd.scenario.quantities import Exponent

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood


class DegreePeers(PeersSpec):
    """Neighbours drawn with weight degree ^ `power`, without replacement within a tick.

    A negative power spares the hubs: with -1 and push, every agent of a large random graph hears
    about equally much.  Degrees are known to all at no cost.
    """

    kind: Literal["degree"] = "degree"
    power: Exponent = 1.0

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return a sampler with a stream for each agent."""
        return _Degree(self.power, graph, streams)


class _Degree:
    def __init__(self, power: float, graph: Neighbourhood, streams: Streams) -> None:
        self.power = power
        self.graph = graph
        self.draws = Draws(streams, graph.n)

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return *fanout* neighbours, drawn by degree to the `power`, or all there are."""
        neighbours: list[int] = self.graph.neighbours(agent).tolist()
        if fanout >= len(neighbours):
            return neighbours
        # The order of exponential clocks with these rates is a weighted draw without replacement
        # (Efraimidis and Spirakis, 2006).
        rings = {peer: self._clock(agent, peer) for peer in neighbours}
        return heapq.nsmallest(fanout, neighbours, key=rings.__getitem__)

    def _clock(self, agent: int, peer: int) -> float:
        rate: float = self.graph.degree(peer) ** self.power
        return -math.log1p(-self.draws.next(agent)) / rate
