"""Deep mutual learning: peers teach each other as they learn (Zhang et al., CVPR 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from p2pkd.distillation.base import Apprentice, Objective, Work, kl_divergence

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Mutual(Objective):
    """L_i = CE + 1/(K - 1) sum_j KL(p_j, p_i), both terms in every step, at temperature 1.

    The authors' peers share one data set; here the KL term is taken on reference rows.  With mean
    probabilities as target the gradient is that of the mean of the KLs.
    """

    objective: Literal["mutual"] = "mutual"

    @property
    def joint(self) -> tuple[float, float] | None:
        """Both terms in full."""
        return 1.0, 1.0

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return KL(p_j, p_i) of each row."""
        return kl_divergence(targets, outputs.logits.log_softmax(-1))

    def row_gradient(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return p_i - p_j, the gradient of `row_loss` with respect to the logits."""
        return outputs.logits.mT.softmax(-2).mT - targets

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield joint steps, or private ones while nothing has been heard."""
        if lessons:
            yield agent.distill(agent.version, lessons, self.local_steps)
        else:
            yield agent.train(agent.version, self.local_steps)
