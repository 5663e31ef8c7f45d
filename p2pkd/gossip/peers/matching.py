"""Everybody in pairs: a new random perfect matching at each turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import PeerSampler
from p2pkd.scenario.method import GossipSpec, PeersSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from p2pkd.world.neighbourhood import Neighbourhood


class MatchingPeers(PeersSpec):
    """In each round all agents pair up at random, whatever the graph; with an odd one left out.

    The best that pairwise averaging can do: a round halves the variance (Jelasity, Montresor and
    Babaoglu, ACM TOCS 2005).  Needs the clock `rounds` and somebody who knows everybody.
    """

    kind: Literal["matching"] = "matching"

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return a sampler that draws a matching for each turn."""
        return _Matching(graph.n, streams)

    def misfits(self, gossip: GossipSpec) -> Iterator[str]:
        """Yield a complaint about clocks without rounds, and about more than one partner."""
        if gossip.clock != "rounds":
            yield f"clock: 'matching' pairs agents up in 'rounds', given {gossip.clock!r}"
        if gossip.fanout != 1:
            yield f"fanout: with 'matching' there is 1 partner, given {gossip.fanout}"


class _Matching:
    def __init__(self, n: int, streams: Streams) -> None:
        self.n = n
        self.streams = streams
        self.turns = [0] * n
        self.current: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, np.int64))

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return the partner of *agent* in its next round, or nobody."""
        turn = self.turns[agent]
        self.turns[agent] = turn + 1
        if self.current[0] != turn:
            self.current = (turn, self._draw(turn))
        partner = int(self.current[1][agent])
        return () if partner == agent else (partner,)

    def _draw(self, turn: int) -> NDArray[np.int64]:
        order = self.streams.generator("matching", turn).permutation(self.n)
        partner = np.arange(self.n)
        half = self.n // 2
        first, second = order[:half], order[half : 2 * half]
        partner[first], partner[second] = second, first
        return partner
