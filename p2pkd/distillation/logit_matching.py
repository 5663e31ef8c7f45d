"""Matching the teachers' mean logits themselves, in place of probabilities (FedMD's digest)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from p2pkd.distillation.phased import Phased
from p2pkd.scenario.method import MethodSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs
    from p2pkd.learning.training.steps import Goals


class LogitMatching(Phased):
    """L = a CE + (1 - a) mean_c |z_c - t_c|, t being the mean of the teachers' logits.

    The absolute error is what FedMD's authors minimise (`FedMD.py` of diogenes0319/FedMD_clean);
    `squared` has (z_c - t_c)^2 in its place (Ba and Caruana, NeurIPS 2014).  Logits are matched as
    they are, with the constant that softmax does not see.
    """

    learns_from: ClassVar[frozenset[str]] = frozenset({"logits"})
    objective: Literal["logit_matching"] = "logit_matching"
    distance: Literal["absolute", "squared"] = "absolute"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about rules that look at probabilities."""
        yield from super().misfits(method)
        teachers = method.teachers
        if teachers.combine.tag_value == "mean_losses":
            yield "teachers.combine: 'logit_matching' makes one target; use mean_logits"
        if teachers.filters or teachers.sharpen is not None:
            yield "teachers: 'logit_matching' has logits as targets; give no filters or sharpen"
        if teachers.weights.tag_value not in ("uniform", "samples", "staleness"):
            yield (
                f"teachers.weights: {teachers.weights.tag_value!r} looks at probabilities; with"
                " 'logit_matching' use uniform, samples or staleness"
            )

    def read(self, knowledge: Any, values: Tensor, n_classes: int) -> Tensor:
        """Return the logits as they are, with the constant that softmax does not see."""
        return values

    def combination(self, given: Any) -> Any:
        """Return the mean of the logits."""
        return self

    def pull(self, objective: Any, goals: Goals, here: slice) -> Any:
        """Return the pull to the joint target of the rows *here*."""
        return objective.pull_to(*goals.joint(here))

    def targets(self, log_p: Tensor, weights: Tensor, temperature: float) -> Tensor:
        """Return sum_k w_k z_k, ``(G, R, C)``, from logits ``(G, K, R, C)``."""
        return (log_p * weights.unsqueeze(-1)).sum(1)

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return the mean distance over classes, ``(G, B)``."""
        off = outputs.logits - targets
        return (off.abs() if self.distance == "absolute" else off.square()).mean(-1)

    def row_gradient(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return sign(z - t) / C, or 2 (z - t) / C."""
        off = outputs.logits - targets
        return (off.sign() if self.distance == "absolute" else 2 * off) / off.shape[-1]
