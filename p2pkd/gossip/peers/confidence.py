"""More peers, or fewer, by how sure an agent is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.core.rng import Streams
from p2pkd.gossip.peers.adaptive import AdaptivePeers, Impression
from p2pkd.gossip.peers.base import Draws
from p2pkd.scenario.quantities import Count

if TYPE_CHECKING:
    from p2pkd.world.neighbourhood import Neighbourhood


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


def confidence(p: Any) -> float:
    """Return the mean of 1 - H(p) / ln C over the rows of *p* ``(R, C)``."""
    entropy = -(p * np.log(np.maximum(p, 1e-30))).sum(1)
    return float(min(1.0, max(0.0, 1 - entropy.mean() / math.log(p.shape[1]))))
