"""Epidemic Learning: s random receivers, drawn anew each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.core.rng import Streams, uniforms
from p2pkd.gossip.peers.anyone import Anyone
from p2pkd.gossip.peers.base import PeerSampler
from p2pkd.scenario.method import PeersSpec

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood

# Rounds whose graph is kept: agents with clocks of their own are not all in the same one.
KEPT = 8


class EpidemicPeers(PeersSpec):
    """s random receivers among all agents, s being the fan-out (de Vos et al., NeurIPS 2023).

    `local` (EL-Local): each agent draws its own, so that some hear nothing in a round.  `oracle`
    (EL-Oracle): a directed graph drawn for each round, in which everybody sends to s and hears
    from s.
    """

    kind: Literal["epidemic"] = "epidemic"
    variant: Literal["local", "oracle"] = "local"

    def build(self, graph: Neighbourhood, streams: Streams) -> PeerSampler:
        """Return a sampler over all agents; the graph's edges play no part."""
        return Anyone(graph.n, streams) if self.variant == "local" else _Oracle(graph.n, streams)


class _Oracle:
    """In each round everybody stands in a random circle and sends to the next s."""

    def __init__(self, n: int, streams: Streams) -> None:
        self.n = n
        self.keys = streams.keys("peers", n)
        self.rounds = [0] * n
        self.circles: dict[int, tuple[list[int], list[int]]] = {}

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return the next *fanout* agents in this round's circle; each call is a new round."""
        turn = self.rounds[agent]
        self.rounds[agent] = turn + 1
        order, place = self._circle(turn)
        first = place[agent] + 1
        return [order[(first + step) % self.n] for step in range(min(fanout, self.n - 1))]

    def _circle(self, turn: int) -> tuple[list[int], list[int]]:
        """Return who stands at each place of round *turn*, and where each agent stands."""
        circle = self.circles.get(turn)
        if circle is None:
            order = np.argsort(uniforms(self.keys, np.array([turn], np.uint64)), kind="stable")
            place = np.empty(self.n, np.int64)
            place[order] = np.arange(self.n)
            circle = self.circles[turn] = (order.tolist(), place.tolist())
            if len(self.circles) > KEPT:
                del self.circles[min(self.circles)]
        return circle
