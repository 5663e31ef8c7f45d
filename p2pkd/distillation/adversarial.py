"""Adversarial distillation: nobody should tell the student's predictions from its teachers'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from p2pkd.distillation.phased import Phased
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.quantities import whole

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Adversarial(Phased):
    """L = a CE - (1 - a) E log D(p_s); D minimises -E log D(p_t) - E log(1 - D(p_s)).

    Moslemi et al. (2024), equations 3.2.2.1 (minimised, though its text says it is maximised) and
    3.2.2.2.  D is a logistic discriminator of p and
    p^2, the receiver's own, fitted anew to the batch of each step: `critic_steps` steps of gradient
    descent from zero.  It thus has no state and travels nowhere, and its arithmetic, some hundred
    times smaller than the model's, is not charged.  It looks at what teachers and student say of
    the rows of a batch as two samples, not row by row, so that it alone does not tell which row has
    which class: cross-entropy must.
    """

    objective: Literal["adversarial"] = "adversarial"
    critic_steps: Annotated[int, whole(1, 10**6)] = 20
    critic_lr: Annotated[float, Field(gt=0, le=4)] = 2.0
    """At most 4: the loss of D has curvature below 1/2, so that larger steps could diverge."""

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints where batches would be padded, or each teacher a target of its own."""
        yield from super().misfits(method)
        if self.batch == "full":
            yield "learn.batch: the discriminator compares batches; give a number, not 'full'"
        if method.teachers.combine.tag_value == "mean_losses":
            yield "teachers.combine: 'adversarial' has one target; use 'mean_probabilities'"

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return -log D(p_s) of each row, ``(G, B)``."""
        own = looks(outputs.logits.softmax(-1))
        critic = self.critic(looks(targets), own.detach(), targets.sum(-1))
        return -_score(own, critic).sigmoid().clamp_min(1e-12).log()

    def critic(self, teachers: Tensor, student: Tensor, known: Tensor) -> Tensor:
        """Return the weights ``(G, W)`` of D on *teachers* and *student* ``(G, B, W)``.

        *known* ``(G, B)`` is 0 for rows that no teacher speaks of.
        """
        share = known / known.sum(1, keepdim=True).clamp_min(1e-12)
        weights = student.new_zeros((student.shape[0], student.shape[2]))
        for _ in range(self.critic_steps):
            missed = (1 - _score(teachers, weights).sigmoid()) * share
            fooled = _score(student, weights).sigmoid() * share
            ascent = teachers * missed.unsqueeze(-1) - student * fooled.unsqueeze(-1)
            weights = weights + self.critic_lr * ascent.sum(1)
        return weights


def looks(p: Tensor) -> Tensor:
    """Return what D sees of probabilities ``(G, B, C)``: p, p^2, 1: ``(G, B, 2 C + 1)``."""
    seen = p.new_ones((*p.shape[:-1], 2 * p.shape[-1] + 1))
    n = p.shape[-1]
    return seen.slice_scatter(p, -1, 0, n).slice_scatter(p.square(), -1, n, 2 * n)


def _score(seen: Tensor, weights: Tensor) -> Tensor:
    return (seen * weights.unsqueeze(1)).sum(-1)
