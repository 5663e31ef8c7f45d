"""Any neighbour, each equally likely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import Draws, PeerSampler
from p2pkd.scenario.method import PeersSpec

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood


class UniformPeers(PeersSpec):
    """Neighbours drawn uniformly, without replacement within a tick."""

    kind: Literal["uniform"] = "uniform"

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return a sampler with a stream for each agent."""
        return _Uniform(graph, streams)


class _Uniform:
    def __init__(self, graph: Neighbourhood, streams: Streams) -> None:
        self.graph = graph
        self.draws = Draws(streams, graph.n)

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return *fanout* neighbours, each set equally likely, or all if there are no more."""
        degree = self.graph.degree(agent)
        if fanout == 1 and degree > 1:
            # The same draw as below, without a copy of the row.
            return (self.graph.neighbour(agent, self.draws.below(agent, degree)),)
        return self.draws.pick(agent, self.graph.neighbours(agent).tolist(), fanout)
