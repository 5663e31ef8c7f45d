"""Whoever stands at the end of a random walk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import Draws, PeerSampler
from p2pkd.scenario.method import GossipSpec, PeersSpec
from p2pkd.scenario.quantities import Count

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood

# Walks per peer that may end at home or at a peer already chosen, before one goes without.
TRIES = 20


class RandomWalkPeers(PeersSpec):
    """The ends of random walks of `length` steps over the graph's edges.

    A plain walk ends at an agent in proportion to its degree, in the long run.  With `uniform`, a
    step from i to j is taken with probability min(1, d_i / d_j) and the walk stays otherwise
    (Metropolis and Hastings), and all ends are equally likely.  The walk itself is not charged.
    """

    kind: Literal["random_walk"] = "random_walk"
    length: Count = 10
    uniform: bool = True

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return a sampler with a stream for each agent."""
        return _Walk(self.length, self.uniform, graph, streams)

    def misfits(self, gossip: GossipSpec) -> Iterator[str]:
        """Yield a complaint about a fan-out without end."""
        if gossip.fanout == "all":
            yield "fanout: 'all' means all neighbours, and random_walk has none; give a number"


class _Walk:
    def __init__(self, length: int, uniform: bool, graph: Neighbourhood, streams: Streams) -> None:
        self.length = length
        self.uniform = uniform
        self.graph = graph
        self.draws = Draws(streams, graph.n)

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return where up to *fanout* walks ended; fewer where too many came back or met."""
        ends: dict[int, None] = {}
        for _ in range(TRIES * fanout):
            end = self._walk(agent)
            if end != agent:
                ends[end] = None
            if len(ends) == fanout:
                break
        return list(ends)

    def _walk(self, agent: int) -> int:
        graph, draws, at = self.graph, self.draws, agent
        for _ in range(self.length):
            row = graph.neighbours(at)
            if not len(row):
                break
            to = int(row[draws.below(agent, len(row))])
            if not self.uniform or draws.next(agent) * graph.degree(to) < len(row):
                at = to
        return at
