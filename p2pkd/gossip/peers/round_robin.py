"""One neighbour after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from p2pkd.core.rng import Streams, uniform
from p2pkd.gossip.peers.base import PeerSampler
from p2pkd.scenario.method import PeersSpec

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood


class RoundRobin(PeersSpec):
    """Neighbours in turn, each agent beginning at a random one.

    Where the graph changes, the turn goes on from the same place in the new list.
    """

    kind: Literal["round_robin"] = "round_robin"

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return a sampler with a position for each agent."""
        return _RoundRobin(graph, streams)


class _RoundRobin:
    def __init__(self, graph: Neighbourhood, streams: Streams) -> None:
        self.graph = graph
        self.keys: list[int] = streams.keys("peers", graph.n).tolist()
        self.position: dict[int, int] = {}

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return the next *fanout* neighbours, from a place drawn for the first turn."""
        neighbours: list[int] = self.graph.neighbours(agent).tolist()
        n = len(neighbours)
        if fanout >= n:
            return neighbours
        first = self.position.get(agent)
        if first is None:
            first = int(uniform(self.keys[agent], 0) * n)
        self.position[agent] = (first + fanout) % n
        return [neighbours[(first + step) % n] for step in range(fanout)]
