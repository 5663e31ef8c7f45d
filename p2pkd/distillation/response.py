"""Response-based distillation: match softened predictions (Hinton, Vinyals and Dean, 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from p2pkd.distillation.base import kl_divergence
from p2pkd.distillation.phased import Phased
from p2pkd.scenario.quantities import Temperature

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Response(Phased):
    """L = a CE + (1 - a) T^2 KL(p_t, p_s), softened by T; a is `weight`.

    Moslemi et al. (2024), equations 1.1.1 to 1.1.5.
    """

    objective: Literal["response"] = "response"
    temperature: Temperature = 2.0

    @property
    def softening(self) -> float:
        """The temperature."""
        return self.temperature

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return T^2 KL(p_t, p_s) of each row; T^2 keeps the gradient's size over T."""
        log_p = (outputs.logits / self.temperature).log_softmax(-1)
        return self.temperature**2 * kl_divergence(targets, log_p)

    def row_gradient(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return T (p_s - p_t), the gradient of `row_loss` with respect to the logits."""
        p_s = (outputs.logits.mT / self.temperature).softmax(-2).mT
        return self.temperature * (p_s - targets)
