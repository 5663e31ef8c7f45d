"""What all agents of a run share in how they learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, cast

from p2pkd.learning.api import (
    Codec,
    Combination,
    Judge,
    Knowledge,
    Objective,
    Sharpening,
    Teaching,
    Weighting,
)
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.optimizers import OptimizerSpec

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Recipe:
    """The optimiser, and how messages are made and used.

    Attributes
    ----------
    batch : rows of a step; None for all.
    pooled : whether private batches are drawn from everybody's rows.
    about_rows : whether messages are predictions, made by `knowledge`; else weights.
    judges : rules whose factors multiply the weights.
    sharpening : what is done to the joint target.
    measured : whether an agent's accuracy on its private rows travels with its predictions.
    partial : whether lessons may be parts of messages.
    proxied : whether only the proxies of duos are sent and merged.
    privacy : what is done to predictions before they are encoded.
    looks : the choices by which the timeline depends on what is learned.
    """

    optimizer: OptimizerSpec
    lr: float
    clip_norm: float | None
    batch: int | None
    pooled: bool
    about_rows: bool
    knowledge: Knowledge
    codec: Codec | None
    combine: Combination
    weighting: Weighting
    objective: Objective
    judges: tuple[Judge, ...] = ()
    sharpening: Sharpening | None = None
    measured: bool = False
    partial: bool = False
    proxied: bool = False
    privacy: Any = None
    looks: tuple[str, ...] = ()

    @cached_property
    def penalty(self) -> Callable[[Tensor, Tensor], Tensor] | None:
        """The objective's gradient of a penalty on parameters, where it has one."""
        return self.objective.penalty_gradient

    @cached_property
    def deployed(self) -> Callable[[Tensor], Tensor] | None:
        """What the objective makes of parameters before models use them, where it does."""
        return self.objective.deployed

    @cached_property
    def teaching(self) -> Teaching:
        """How a group of agents learns from what it has heard."""
        return self.objective.teaching(self.knowledge)

    @classmethod
    def of(cls, method: MethodSpec) -> Self:
        """Return what *method* says."""
        # The members of the five families are defined above this layer.
        learn: Any = method.learn
        knowledge: Any = method.send.knowledge
        codec: Any = method.send.codec
        combine: Any = learn.combination(method.teachers.combine)
        weighting: Any = method.teachers.weights
        rules: list[Any] = [weighting, *method.teachers.filters]
        peers: Any = method.gossip.peers
        protocol: Any = method.gossip.protocol
        judges = [rule for rule in rules if hasattr(rule, "factors")]
        if method.memory.half_life is not None:
            judges.append(method.memory)
        # Aggregators and members remember no messages but what they are told, row by row or whole.
        aggregated, caches = protocol.aggregated, bool(protocol.cached_rounds)
        return cls(
            optimizer=learn.optimizer,
            lr=learn.lr,
            clip_norm=learn.clip_norm,
            batch=None if learn.batch == "full" else learn.batch,
            pooled=learn.train_on == "pooled",
            about_rows=knowledge.about_rows,
            knowledge=knowledge,
            codec=codec,
            combine=combine,
            weighting=weighting,
            objective=learn,
            judges=tuple(judges),
            sharpening=cast(Any, method.teachers.sharpen),
            measured=any("accuracy" in rule.facts for rule in [*rules, peers]),
            partial=caches if aggregated else _by_rows(method),
            proxied=knowledge.proxied,
            privacy=method.send.privacy,
            looks=method.looks,
        )


def _by_rows(method: MethodSpec) -> bool:
    """Tell whether lessons are read from a memory of rows; one's own snapshot is always whole."""
    return method.memory.partial and method.learn.teacher != "self"
