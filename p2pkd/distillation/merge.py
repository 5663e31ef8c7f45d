"""Parameter gossip: average models, then train; on the same links as distillation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from p2pkd.distillation.base import Apprentice, Objective, Work
from p2pkd.scenario.base import Family
from p2pkd.scenario.method import MethodSpec


class MixingSpec(Family, root=True):
    """The weights with which received models are averaged."""

    plural = "mixings"

    fact_bytes: ClassVar[int] = 0
    """What must be told with each model for its sake."""

    def coefficients(self, agent: Apprentice, lessons: Sequence[Any]) -> list[float]:
        """Return the weight of each lesson; one's own model has the rest, to sum 1."""
        raise TypeError(f"{type(self).__name__} defines no coefficients")


class UniformMixing(MixingSpec):
    """All models alike, one's own included."""

    kind: Literal["uniform"] = "uniform"

    def coefficients(self, agent: Apprentice, lessons: Sequence[Any]) -> list[float]:
        """Return 1 / (K + 1) each."""
        return [1 / (len(lessons) + 1)] * len(lessons)


class MetropolisMixing(MixingSpec):
    """W_ij = 1 / (1 + max(degree i, degree j)): symmetric and doubly stochastic on any graph."""

    kind: Literal["metropolis"] = "metropolis"

    def coefficients(self, agent: Apprentice, lessons: Sequence[Any]) -> list[float]:
        """Return the Metropolis weight of each sender; what was not heard stays with oneself."""
        return [1 / (1 + max(agent.degree, agent.degree_of(memo.sender))) for memo in lessons]


class AgeMixing(MixingSpec):
    """By the number of updates that a model has seen (Hegedus, Danner and Jelasity, 2019)."""

    kind: Literal["age"] = "age"

    def coefficients(self, agent: Apprentice, lessons: Sequence[Any]) -> list[float]:
        """Return age over the sum of ages; alike where all are untrained."""
        ages = [memo.version for memo in lessons]
        total = agent.updates + sum(ages)
        if total == 0:
            return UniformMixing().coefficients(agent, lessons)
        return [age / total for age in ages]


class SamplesMixing(MixingSpec):
    """n_k / n, by private rows: an aggregator's average of its children (McMahan et al., 2017).

    How many rows a child has is told with its model, in 4 bytes.
    """

    fact_bytes: ClassVar[int] = 4
    kind: Literal["samples"] = "samples"

    def coefficients(self, agent: Any, lessons: Sequence[Any]) -> list[float]:
        """Return the rows below each sender over their sum."""
        rows = [agent.rows_below(memo.sender) for memo in lessons]
        return [n / max(1, sum(rows)) for n in rows]


class Merge(Objective):
    """x <- sum_j W_ij x_j, then private steps (or, as in D-PSGD, with the gradient at one's own x).

    With `gradient_at: own` and one step this is x_i <- sum_j W_ij x_j - lr g(x_i), the rule of
    Lian et al. (NeurIPS 2017), Algorithm 1.
    """

    learns_from: ClassVar[frozenset[str]] = frozenset({"weights"})
    objective: Literal["merge"] = "merge"
    mixing: MixingSpec = UniformMixing()
    gradient_at: Literal["merged", "own"] = "merged"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints, about weights that only aggregators know too."""
        yield from super().misfits(method)
        protocol = method.gossip.protocol.tag_value
        if self.mixing.tag_value == "samples" and protocol != "coordinated":
            yield (
                "learn.mixing: 'samples' are told to aggregators; take protocol 'coordinated', not"
                f" {protocol!r}, or mixing metropolis, uniform or age"
            )

    @property
    def mixed(self) -> MixingSpec:
        """`mixing`."""
        return self.mixing

    def follow(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the step to the aggregator's model, and the private steps."""
        (memo,) = lessons
        yield agent.merge(agent.version, [(memo.contents, 1.0)])
        yield agent.train(agent.version, self.local_steps)

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the merge and the private steps."""
        if not lessons:
            yield agent.train(agent.version, self.local_steps)
            return
        shares = self.mixing.coefficients(agent, lessons)
        pairs = zip(lessons, shares, strict=True)
        peers = [(memo.contents, share) for memo, share in pairs]
        own, rest = agent.version, 1 - sum(shares)
        if self.gradient_at == "merged":
            yield agent.merge(own, [(own, rest), *peers], keeper=0)
            yield agent.train(agent.version, self.local_steps)
        else:
            yield agent.train(own, self.local_steps)
            # The step that own took, applied to the average: trained - own + sum_j W_ij x_j.
            parts = [(agent.version, 1.0), (own, rest - 1.0), *peers]
            yield agent.merge(agent.version, parts, keeper=1)
