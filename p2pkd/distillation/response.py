"""Response-based distillation: match softened predictions (Hinton, Vinyals and Dean, 2015)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from p2pkd.distillation.base import Apprentice, Objective, Work, kl_divergence

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Response(Objective):
    """L = a CE + (1 - a) T^2 KL(p_t, p_s), softened by T; a is `weight`.

    Moslemi et al. (2024), equations 1.1.1 to 1.1.5.  With the order `joint` each step sees a batch
    of either kind.  The other orders split L in two phases, both divided by a: private steps are
    then those of every control, and digestion has the factor (1 - a) / a.
    """

    objective: Literal["response"] = "response"
    temperature: Annotated[float, Field(gt=0)] = 2.0
    weight: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Of cross-entropy; one minus it is that of distillation (other code has it reversed)."""
    distill_steps: Annotated[int, Field(ge=0, strict=True)] = 5
    """Gradient steps towards the teachers each time the agent learns; not with `joint`."""
    order: Literal["digest_then_revisit", "revisit_then_digest", "joint"] = "digest_then_revisit"

    @property
    def softening(self) -> float:
        """The temperature."""
        return self.temperature

    @property
    def joint(self) -> tuple[float, float] | None:
        """The factors a and 1 - a, with the order `joint`."""
        return (self.weight, 1 - self.weight) if self.order == "joint" else None

    @property
    def scale(self) -> float:
        """(1 - a) / a."""
        return (1 - self.weight) / self.weight

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return T^2 KL(p_t, p_s) of each row; T^2 keeps the gradient's size over T."""
        log_p = (outputs.logits / self.temperature).log_softmax(-1)
        return self.temperature**2 * kl_divergence(targets, log_p)

    def row_gradient(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return T (p_s - p_t), the gradient of `row_loss` with respect to the logits."""
        p_s = (outputs.logits.mT / self.temperature).softmax(-2).mT
        return self.temperature * (p_s - targets)

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield digestion of the lessons and the private steps, in the given order."""
        if not lessons:
            yield agent.train(agent.version, self.local_steps)
        elif self.order == "joint":
            yield agent.distill(agent.version, lessons, self.local_steps)
        elif self.order == "digest_then_revisit":
            yield agent.distill(agent.version, lessons, self.distill_steps)
            yield agent.train(agent.version, self.local_steps)
        else:
            yield agent.train(agent.version, self.local_steps)
            yield agent.distill(agent.version, lessons, self.distill_steps)
