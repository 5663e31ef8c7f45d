"""What objectives have in common that are taught by something else than predictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from p2pkd.distillation.base import Objective
from p2pkd.distillation.phased import Phased
from p2pkd.scenario.method import MethodSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.training.steps import Goals

# Rules that look at who a teacher is, not at what it predicts.
BLIND = ("uniform", "samples", "staleness", "validation")


class Meaned(Objective):
    """Base: the target is the weighted mean of what the teachers send.

    For a squared error, that has the gradient of the weighted mean of the errors.
    """

    def combination(self, given: Any) -> Any:
        """Return itself: it takes the place of `teachers.combine`."""
        return self

    def pull(self, objective: Any, goals: Goals, here: slice) -> Any:
        """Return the pull to the joint target of the rows *here*."""
        return objective.pull_to(*goals.joint(here))

    def targets(self, values: Tensor, weights: Tensor, temperature: float) -> Tensor:
        """Return sum_k w_k v_k ``(G, R, W)`` of ``(G, K, R, W)`` and ``(G, K, R)``."""
        return (values * weights.unsqueeze(-1)).sum(1)

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about rules that only predictions can be judged by."""
        yield from super().misfits(method)
        teachers = method.teachers
        rules: list[Any] = [teachers.weights, *teachers.filters]
        for rule in rules:
            if rule.tag_value not in BLIND:
                yield f"teachers: {rule.tag_value!r} judges predictions, and none are sent"
        if teachers.sharpen is not None:
            yield "teachers.sharpen: predictions alone can be sharpened, and none are sent"
        if teachers.combine.tag_value != "mean_probabilities":
            yield (
                f"teachers.combine: {self.tag_value!r} takes the mean of what is sent;"
                f" {teachers.combine.tag_value!r} would not be used"
            )


class Represented(Meaned, Phased):
    """Base of the objectives about reference rows: private steps and those towards the target."""
