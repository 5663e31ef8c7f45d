"""Gradients that objectives write by hand are those of their losses."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from toys import Kl

from p2pkd.distillation.mutual import Mutual
from p2pkd.distillation.response import Response
from p2pkd.learning.api import Outputs
from p2pkd.learning.training.objectives import distillation_pull


class ByHand(Kl):
    def row_loss(self, outputs: Any, targets: Any) -> Any:
        return super().row_loss(outputs, targets)

    def row_gradient(self, outputs: Any, targets: Any) -> Any:
        return 2 * ((outputs.logits / 2).softmax(-1) - targets)


class Doubled(ByHand):
    def row_loss(self, outputs: Any, targets: Any) -> Any:
        return 2 * super().row_loss(outputs, targets)


def gradients(objective: Any) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 4, 5, generator=generator).requires_grad_()
    targets = torch.randn(3, 4, 5, generator=generator).softmax(-1)
    weights = torch.rand(3, 4, generator=generator)
    outputs = Outputs(logits, torch.zeros(3, 4, 2))
    (objective.row_loss(outputs, targets) * weights).sum().backward()
    pull = distillation_pull(objective, targets, weights)
    return pull(Outputs(logits.detach(), torch.zeros(3, 4, 2)))[0], logits.grad


@pytest.mark.parametrize("objective", [Response(), Response(temperature=4), Mutual(), ByHand()])
def test_hand_written_gradients(objective: Any) -> None:
    torch.testing.assert_close(*gradients(objective))


def test_a_changed_loss_does_not_inherit_the_gradient() -> None:
    torch.testing.assert_close(*gradients(Doubled()))
