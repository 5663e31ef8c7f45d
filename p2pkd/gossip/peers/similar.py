"""Peers that are good, and like oneself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.adaptive import AdaptivePeers, Impression
from p2pkd.gossip.peers.base import Draws
from p2pkd.knowledge.teachers.base import ACCURACY
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.quantities import Count, Share

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood

# Types of knowledge that are, or can be read as, probabilities.
COMPARABLE = frozenset({"probabilities", "logits", "labels"})


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
        if sent.knowledge_type not in COMPARABLE:
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
