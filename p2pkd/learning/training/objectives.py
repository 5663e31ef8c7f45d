"""Losses as gradients at a model's outputs, agent by agent, masked rows left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from p2pkd.learning.api import Outputs, RowLoss
from p2pkd.learning.models.architecture import Pull
from p2pkd.learning.state.constants import minus_one, share


def mean_weights(
    mask: Tensor | None, shape: tuple[int, int], device: torch.device, factor: float = 1.0
) -> Tensor:
    """Return what each row ``(G, B)`` contributes to its agent's mean: 1 / n, or 0 if masked.

    All of it times *factor*; not to be written to.
    """
    if mask is None:
        return share(shape[1], factor, device).expand(shape)
    return (mask / mask.sum(1, keepdim=True).clamp_min(1.0)).mul_(factor)


def cross_entropy_gradient(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return the gradient of sum_b w_b CE_b with respect to *logits* ``(G, B, C)``.

    *labels* and *weights* are ``(G, B)``.
    """
    # Perceptrons have their outputs class by class, which vectorises well: softmax over the middle.
    gradient = logits.mT.softmax(1)
    labels = labels.unsqueeze(1)
    gradient.scatter_add_(1, labels, minus_one(gradient.device).expand(labels.shape))
    return gradient.mul_(weights.unsqueeze(1)).mT


def private_pull(labels: Tensor, weights: Tensor) -> Pull:
    """Return the pull of cross-entropy with *labels* ``(G, B)``."""
    return lambda outputs: (cross_entropy_gradient(outputs.logits, labels, weights), None)


def distillation_pull(objective: RowLoss, targets: Tensor, weights: Tensor) -> Pull:
    """Return the pull of the weighted row loss towards *targets* ``(G, B, C)``.

    By the objective's own `row_gradient` where it has one, else by automatic differentiation.
    """
    row_gradient = _row_gradient(objective)
    if row_gradient is not None:
        return lambda outputs: (row_gradient(outputs, targets) * weights.unsqueeze(2), None)

    def pull(outputs: Outputs) -> tuple[Tensor, Tensor | None]:
        with torch.enable_grad():
            logits = outputs.logits.detach().requires_grad_()
            features = outputs.features.detach().requires_grad_()
            loss = objective.row_loss(Outputs(logits, features), targets)
        towards = torch.autograd.grad(loss, (logits, features), weights, allow_unused=True)
        return (torch.zeros_like(logits) if towards[0] is None else towards[0]), towards[1]

    return pull


def _row_gradient(objective: Any) -> Callable[[Outputs, Tensor], Tensor] | None:
    """Return the objective's `row_gradient` if it stands beside the `row_loss` that is in force.

    A subclass that changes the loss alone must not inherit the gradient of another one.
    """
    for cls in type(objective).__mro__:
        if "row_loss" in vars(cls):
            if "row_gradient" not in vars(cls):
                return None
            gradient: Callable[[Outputs, Tensor], Tensor] = objective.row_gradient
            return gradient
    return None


def joint_pull(private: Pull, distillation: Pull, n_private: int) -> Pull:
    """Return the pull of both, the first *n_private* rows being private ones."""

    def pull(outputs: Outputs) -> tuple[Tensor, Tensor | None]:
        own = Outputs(*(output[:, :n_private] for output in outputs))
        public = Outputs(*(output[:, n_private:] for output in outputs))
        (here, _), (there, features) = private(own), distillation(public)
        if features is not None:
            above = features.new_zeros((features.shape[0], n_private, features.shape[2]))
            features = torch.cat([above, features], 1)
        return torch.cat([here, there], 1), features

    return pull


def sum_pull(private: Pull, distillation: Pull) -> Pull:
    """Return the sum of two pulls on the same rows; the first has no gradient at features."""

    def pull(outputs: Outputs) -> tuple[Tensor, Tensor | None]:
        (here, _), (there, features) = private(outputs), distillation(outputs)
        return here + there, features

    return pull
