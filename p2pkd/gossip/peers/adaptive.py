"""Peers chosen by what has been learned, so that the timeline depends on it.

Before each choice an agent looks at what it believes of reference rows, which holds its device for
as long as predicting them takes, and at what it remembers of its peers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from p2pkd.core.lazy import numpy as np
from p2pkd.scenario.method import GossipSpec, MethodSpec, PeersSpec


class Impression(NamedTuple):
    """What an agent thinks of a peer that it has heard."""

    peer: int
    divergence: float
    """Mean KL of the peer's predictions from one's own, in nats."""
    accuracy: float
    """Of the peer on its private rows, as it has told."""


class AdaptivePeers(PeersSpec):
    """Base of the samplers that look at what is learned."""

    looks: ClassVar[bool] = True
    judges_peers: ClassVar[bool] = False
    """Whether they look at what is remembered of peers, or else at oneself alone."""

    def misfits(self, gossip: GossipSpec) -> Iterator[str]:
        """Yield complaints where choices would be made without a look, or not at all."""
        if "tokens" in gossip.flow.tag_value:
            yield f"peers: {self.tag_value!r} are chosen at ticks; take flow 'none' or 'rate_limit'"
        if gossip.protocol.tag_value not in ("push", "pull", "push_pull"):
            yield f"peers: protocol {gossip.protocol.tag_value!r} turns to nobody of one's choice"

    def method_misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield a complaint about agents whose turns have no room for a look."""
        if method.learn.manner == "pairwise":
            yield f"gossip.peers: {method.learn.tag_value!r} sends at once; take 'uniform'"


def divergence(said: Any, own: Any) -> float:
    """Return the mean over rows of KL(said || own), in nats, of ``(R, C)`` probabilities."""
    logs = np.log(np.maximum(said, 1e-30)) - np.log(np.maximum(own, 1e-30))
    return float((said * logs).sum(1).mean())
