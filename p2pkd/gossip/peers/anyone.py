"""Any agent at all, as if everybody knew everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import Draws, PeerSampler
from p2pkd.scenario.method import PeersSpec

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood


class AnyonePeers(PeersSpec):
    """All other agents, drawn uniformly; a complete graph that needs no edges.

    This is what peer-sampling services approximate, and costs nothing here.
    """

    kind: Literal["anyone"] = "anyone"

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return a sampler with a stream for each agent."""
        return Anyone(graph.n, streams)


class Anyone:
    """A uniform choice among the *n* - 1 others."""

    def __init__(self, n: int, streams: Streams) -> None:
        self.others = n - 1
        self.draws = Draws(streams, n)

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return *fanout* distinct agents, or all others."""
        chosen = self.draws.sample(agent, self.others, fanout)
        return [other + (other >= agent) for other in chosen]
