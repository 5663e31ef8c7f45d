"""Peers chosen by what has been learned, so that the timeline depends on it.

Before each choice an agent looks at what it believes of reference rows, which holds its device for
as long as predicting them takes, and at what it remembers of its peers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from p2pkd.core.lazy import numpy as np
from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.base import Draws
from p2pkd.knowledge.teachers.base import ACCURACY
from p2pkd.scenario.method import GossipSpec, MethodSpec, PeersSpec
from p2pkd.scenario.quantities import Count, Share

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood


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
        if getattr(method.learn, "manner", "gossip") == "pairwise":
            yield f"gossip.peers: {method.learn.tag_value!r} sends at once; take 'uniform'"


class ByConfidence(AdaptivePeers):
    """As many uniform neighbours as one's confidence asks for, up to `fanout`.

    Confidence is the mean of 1 - H(p) / ln C over the first `rows` reference rows that one has.
    `sure` agents turn to `fanout` times their confidence of peers, which suits telling; `unsure`
    ones to `fanout` times its complement, which suits asking.  A fraction is a chance.
    """

    kind: Literal["by_confidence"] = "by_confidence"
    who: Literal["sure", "unsure"] = "sure"
    rows: Count = 32

    def build(self, graph: Neighbourhood, streams: Streams) -> ConfidentSampler:
        """Return a sampler with a stream for each agent."""
        return ConfidentSampler(self, graph, streams)


class ConfidentSampler:
    """Knows how confident each agent was at its last look; wholly sure before the first."""

    def __init__(self, spec: ByConfidence, graph: Neighbourhood, streams: Streams) -> None:
        self.spec = spec
        self.graph = graph
        self.draws = Draws(streams, graph.n)
        self.zeal = [1.0] * graph.n

    def see(self, agent: int, own: Any, impressions: Sequence[Impression]) -> None:
        """Take note of what *agent* believes, *own* ``(R, C)`` probabilities."""
        sure = confidence(own)
        self.zeal[agent] = sure if self.spec.who == "sure" else 1 - sure

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return so many distinct neighbours of *agent*."""
        neighbours: list[int] = self.graph.neighbours(agent).tolist()
        wanted = min(fanout, len(neighbours)) * self.zeal[agent]
        count = int(wanted)
        count += self.draws.next(agent) < wanted - count
        return self.draws.pick(agent, neighbours, count) if count else ()


class SimilarQuality(AdaptivePeers):
    """Of the `candidates` best neighbours one has heard, those most like oneself: SQMD's graph.

    Ye et al., "Heterogeneous collaborative learning for personalized healthcare analytics via
    messenger distillation" (2022, arXiv 2205.13705).  Quality is the accuracy that a peer tells of
    its private rows, 4 bytes a message and a forward pass over them; likeness is a small mean KL
    between its predictions and one's own.  With probability `explore`, and while nobody has been
    heard, the choice is uniform, so that strangers get known.
    """

    judges_peers: ClassVar[bool] = True
    facts: ClassVar[frozenset[str]] = frozenset({ACCURACY})
    kind: Literal["similar_quality"] = "similar_quality"
    candidates: Count = 8
    explore: Annotated[Share, Field(gt=0)] = 0.2

    def method_misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints where there are no predictions to compare, or none that stay."""
        yield from super().method_misfits(method)
        sent: Any = method.send.knowledge
        if getattr(sent, "knowledge_type", "") not in COMPARABLE:
            yield f"gossip.peers: 'similar_quality' compares predictions; {sent.tag_value} are none"
        if method.memory.tag_value != "latest_per_peer":
            yield (
                "gossip.peers: 'similar_quality' looks at memory.keep 'latest_per_peer', given"
                f" {method.memory.tag_value!r}"
            )

    def build(self, graph: Neighbourhood, streams: Streams) -> SimilarSampler:
        """Return a sampler with a stream for each agent."""
        return SimilarSampler(self, graph, streams)


class SimilarSampler:
    """Knows what each agent thought of its peers at its last look."""

    def __init__(self, spec: SimilarQuality, graph: Neighbourhood, streams: Streams) -> None:
        self.spec = spec
        self.graph = graph
        self.draws = Draws(streams, graph.n)
        self.seen: list[Sequence[Impression]] = [()] * graph.n

    def see(self, agent: int, own: Any, impressions: Sequence[Impression]) -> None:
        """Take note of what *agent* thinks of those it has heard."""
        self.seen[agent] = impressions

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return *fanout* distinct neighbours of *agent*, the most suitable first."""
        strangers: list[int] = self.graph.neighbours(agent).tolist()
        if fanout >= len(strangers):
            return strangers
        ranked = self.ranked(agent, strangers)
        chosen: list[int] = []
        while len(chosen) < fanout:
            if ranked and self.draws.next(agent) >= self.spec.explore:
                peer = ranked[0]
            else:
                peer = strangers[self.draws.below(agent, len(strangers))]
            chosen.append(peer)
            strangers.remove(peer)
            if peer in ranked:
                ranked.remove(peer)
        return chosen

    def ranked(self, agent: int, neighbours: Sequence[int]) -> list[int]:
        """Return the best of those heard, the most similar first."""
        known = [each for each in self.seen[agent] if each.peer in neighbours]
        known.sort(key=lambda each: (-each.accuracy, each.peer))
        best = known[: self.spec.candidates]
        best.sort(key=lambda each: (each.divergence, each.peer))
        return [each.peer for each in best]


COMPARABLE = frozenset({"probabilities", "logits", "labels"})


def confidence(p: Any) -> float:
    """Return the mean of 1 - H(p) / ln C over the rows of *p* ``(R, C)``."""
    entropy = -(p * np.log(np.maximum(p, 1e-30))).sum(1)
    return float(min(1.0, max(0.0, 1 - entropy.mean() / math.log(p.shape[1]))))


def divergence(said: Any, own: Any) -> float:
    """Return the mean over rows of KL(said || own), in nats, of ``(R, C)`` probabilities."""
    logs = np.log(np.maximum(said, 1e-30)) - np.log(np.maximum(own, 1e-30))
    return float((said * logs).sum(1).mean())
