"""The exponential ring: 1, 2, 4, 8, ... steps away, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import PeerSampler
from p2pkd.scenario.method import PeersSpec

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood


class ExponentialRing(PeersSpec):
    """Agent i turns to i + 1, i + 2, i + 4, ..., i + 2^floor(log2(n - 1)) in turn, modulo n.

    The directed graph of stochastic gradient push (Assran et al., ICML 2019) and ProxyFL (Kalra et
    al., 2023).  Where n is a power of two, log2 n such rounds bring everything to everybody.  The
    topology's edges play no part.
    """

    kind: Literal["exponential_ring"] = "exponential_ring"

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return a sampler that counts each agent's turns."""
        return _Exponential(graph.n)


class _Exponential:
    def __init__(self, n: int) -> None:
        self.n = n
        self.steps = [1 << power for power in range((n - 1).bit_length()) if 1 << power < n]
        self.turns = [0] * n

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return those 1, 2, 4, ... places on, *fanout* of them; the next turn goes on."""
        steps = self.steps
        count = min(fanout, len(steps))
        first = self.turns[agent]
        self.turns[agent] = first + count
        return [(agent + steps[(first + i) % len(steps)]) % self.n for i in range(count)]
