"""What all agents of a run share in how they learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from p2pkd.learning.api import Codec, Combination, Knowledge, RowLoss, Weighting
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

    @classmethod
    def of(cls, method: MethodSpec) -> Self:
        """Return what *method* says."""
        # The members of the five families are defined above this layer.
        learn: Any = method.learn
        knowledge: Any = method.send.knowledge
        codec: Any = method.send.codec
        combine: Any = method.teachers.combine
        weighting: Any = method.teachers.weights
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
        )
