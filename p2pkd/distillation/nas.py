"""Architecture search while distilling: agents choose their width by validation loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from p2pkd.distillation.response import Response
from p2pkd.scenario.data import DataSpec
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.models import MlpSpec, ModelSpec
from p2pkd.scenario.quantities import Count, Share, Weight

Multiple = Annotated[float, Field(gt=0, le=1e3)]


class Nas(Response):
    """L = a CE + (1 - a) T^2 KL(p_t, p_s) + E_alpha[L_val(w(alpha), alpha)], alpha a width.

    Moslemi et al. (2024), equations 3.3.2.1 and 3.3.2.2.  The last term chooses alpha: every
    `choose_every` turns the agent does the turn's work in its own width, in the next narrower and
    wider one, and in that of the peer heard that tells the least L_val.  w(alpha) are its weights,
    cut or grown (`p2pkd.learning.models.resize`) before that work; L_val is their cross-entropy,
    after it, on private rows held out from training.  It keeps what has the least L_val, plus
    `price` for each doubling of the FLOPs, and computes at that cost from then on.  A message tells
    the sender's alpha and L_val beside its predictions: 8 bytes.  All that is tried is charged.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logits", "widths"})
    manner: ClassVar[str] = "search"
    looks: ClassVar[bool] = True  # what is computed, and so its time, depends on what is learned
    told_bytes: ClassVar[int] = 8
    objective: Literal["nas"] = "nas"  # type: ignore[assignment]
    widths: Annotated[tuple[Multiple, ...], Field(min_length=2)] = (0.25, 0.5, 1.0, 2.0)
    """Of all hidden layers, in multiples of the model's own, ascending; 1 is where agents begin."""
    choose_every: Count = 5
    """Turns between two choices."""
    holdout: Share = 0.1
    """Share of an agent's private rows, one at least, that are never trained on."""
    price: Weight = 0.02
    """Nats of validation loss that a doubling of the FLOPs must save."""

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if list(self.widths) != sorted(set(self.widths)) or 1.0 not in self.widths:
            raise ValueError(f"learn.widths: {list(self.widths)} must ascend and contain 1")
        return self

    @property
    def held_out(self) -> float | None:
        """`holdout`."""
        return self.holdout

    @property
    def turns_between_choices(self) -> int | None:
        """`choose_every`."""
        return self.choose_every

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints where no rows can be held out."""
        yield from super().misfits(method)
        if self.train_on == "pooled":
            yield "learn.train_on: private rows are held out from training; use 'private'"

    def data_misfits(self, data: DataSpec) -> Iterator[str]:
        """Yield a complaint where rows come in an order."""
        if data.stream is not None:
            yield "data.stream: 'nas' holds out rows of all classes from the start; leave it out"

    def candidates(self, model: ModelSpec) -> tuple[ModelSpec, ...]:
        """Return *model* in all widths."""
        assert isinstance(model, MlpSpec)
        return tuple(
            model.with_(hidden=tuple(max(1, round(width * n)) for n in model.hidden))
            for width in self.widths
        )
