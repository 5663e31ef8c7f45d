"""How many peers' predictions become one target.

Shapes: G agents, K messages, R reference rows, C classes.  *weights* is 0 where a message says
nothing of a row.  Only tensor methods are used (see `p2pkd.knowledge.payloads`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from p2pkd.scenario.method import CombineSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.training.steps import Goals


class Combination(CombineSpec):
    """Base of the combinations that make soft targets."""

    def targets(self, log_p: Tensor, weights: Tensor, temperature: float) -> Tensor:
        """Return target probabilities ``(G, R, C)`` at *temperature*.

        *log_p* ``(G, K, R, C)`` are the teachers' log-probabilities at temperature 1, *weights*
        ``(G, K, R)`` sum to 1 over K wherever there is a teacher.
        """
        raise TypeError(f"{type(self).__name__} defines no targets")

    def pull(self, objective: Any, goals: Goals, here: slice) -> Any:
        """Return *objective*'s pull to the targets of the rows *here* of a lesson."""
        return objective.pull_to(*goals.joint(here))


class MeanProbabilities(Combination):
    """Weighted mean of the softened probabilities.

    Its gradient is that of the weighted mean of the teachers' KL losses.
    """

    kind: Literal["mean_probabilities"] = "mean_probabilities"

    def targets(self, log_p: Tensor, weights: Tensor, temperature: float) -> Tensor:
        """Return sum_k w_k softmax(z_k / T)."""
        return ((log_p / temperature).softmax(-1) * weights.unsqueeze(-1)).sum(1)


class MeanLogits(Combination):
    """Softened softmax of the weighted mean of the logits: a geometric mean."""

    kind: Literal["mean_logits"] = "mean_logits"

    def targets(self, log_p: Tensor, weights: Tensor, temperature: float) -> Tensor:
        """Return softmax(sum_k w_k z_k / T)."""
        return ((log_p * weights.unsqueeze(-1)).sum(1) / temperature).softmax(-1)


class MeanLosses(Combination):
    """Every teacher is a target of its own; the losses towards them are averaged.

    For KL, whose gradient is linear in the target, that is `mean_probabilities` again, up to
    rounding and at K times the cost; for absolute or squared errors of logits it is not.
    """

    kind: Literal["mean_losses"] = "mean_losses"

    def targets(self, log_p: Tensor, weights: Tensor, temperature: float) -> Tensor:
        """Return softmax(z_k / T) of every teacher, ``(G, K, R, C)``."""
        return (log_p / temperature).softmax(-1)

    def pull(self, objective: Any, goals: Goals, here: slice) -> Any:
        """Return the pull of the mean of the losses towards each teacher."""
        from p2pkd.learning.training.heard import MeanOfLosses
        from p2pkd.learning.training.objectives import distillation_pull

        each: Any = MeanOfLosses(objective, goals.weights[:, :, here])
        return distillation_pull(each, goals.targets[:, :, here], goals.share[:, here])


def normalised(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return *weights* summing to 1 over K where any is positive, and the mask of such rows."""
    total = weights.sum(1, keepdim=True)
    return weights / total.clamp_min(1e-30), (total.squeeze(1) > 0).to(weights.dtype)
