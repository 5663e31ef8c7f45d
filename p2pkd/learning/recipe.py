"""What all agents of a run share in how they learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, cast

from p2pkd.learning.api import Codec, Combination, Judge, Knowledge, RowLoss, Sharpening, Weighting
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.optimizers import OptimizerSpec


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
    objective: RowLoss
    judges: tuple[Judge, ...] = ()
    sharpening: Sharpening | None = None
    measured: bool = False
    partial: bool = False
    proxied: bool = False
    privacy: Any = None
    looks: tuple[str, ...] = ()

    # What a choice need not have is asked for once: each asking costs as much as a small product.

    @cached_property
    def penalty(self) -> Callable[[Any, Any], Any] | None:
        """The objective's gradient of a penalty on parameters, where it has one."""
        return getattr(self.objective, "penalty_gradient", None)

    @cached_property
    def deployed(self) -> Callable[[Any], Any] | None:
        """What the objective makes of parameters before models use them, where it does."""
        return getattr(self.objective, "deployed", None)

    @cached_property
    def traits(self) -> frozenset[str]:
        """Which of these words are true of the objective, or of how targets are combined."""
        words = (
            "activations", "classwise", "counts_own", "fuses", "models", "maps", "pairwise",
            "separate", "transfers", "unnormalised",
        )  # fmt: skip
        choices = (self.objective, self.combine)
        return frozenset(w for w in words if any(getattr(c, w, False) for c in choices))

    @classmethod
    def of(cls, method: MethodSpec) -> Self:
        """Return what *method* says."""
        # The members of the five families are defined above this layer.
        learn: Any = method.learn
        knowledge: Any = method.send.knowledge
        codec: Any = method.send.codec
        combine: Any = learn if hasattr(learn, "targets") else method.teachers.combine
        weighting: Any = method.teachers.weights
        rules: list[Any] = [weighting, *method.teachers.filters]
        peers: Any = method.gossip.peers
        protocol: Any = method.gossip.protocol
        # Aggregators and members remember no messages but what they are told, row by row or whole.
        aggregated, caches = hasattr(protocol, "cache"), getattr(protocol, "cache", None)
        judges = [rule for rule in rules if hasattr(rule, "factors")]
        if method.memory.half_life is not None:
            judges.append(method.memory)
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
            measured=any("accuracy" in getattr(rule, "facts", ()) for rule in [*rules, peers]),
            partial=bool(caches) if aggregated else _by_rows(method),
            proxied=getattr(knowledge, "part", "model") == "proxy",
            privacy=method.send.privacy,
            looks=method.looks,
        )


def _by_rows(method: MethodSpec) -> bool:
    """Tell whether lessons are read from a memory of rows; one's own snapshot is always whole."""
    return method.memory.partial and getattr(method.learn, "teacher", "peers") != "self"
