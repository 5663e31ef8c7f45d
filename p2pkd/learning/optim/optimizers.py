"""Optimisers as functions of rows: each agent's update is what torch.optim would do to it alone."""

from __future__ import annotations

from functools import singledispatch
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.core.errors import InputError
from p2pkd.scenario.optimizers import AdamSpec, AdamWSpec, OptimizerSpec, SgdSpec


class Optimizer(Protocol):
    """Updates many agents' parameters in place; all state is in rows."""

    @property
    def plain(self) -> bool:
        """Whether it does nothing but subtract the gradient times the learning rate."""

    def state_floats(self, n_parameters: int) -> int:
        """Return how many numbers of state an agent has."""

    def update_(
        self, params: Tensor, grad: Tensor, state: Tensor, step: NDArray[np.int64], lr: float
    ) -> None:
        """Change *params* ``(G, P)`` and *state* ``(G, S)``; *grad* ``(G, P)`` may be overwritten.

        *step* ``(G,)`` counts each agent's updates, this one included.
        """


class Sgd:
    """Stochastic gradient descent (``torch.optim.SGD``, dampening 0)."""

    def __init__(self, spec: SgdSpec) -> None:
        self.spec = spec

    @property
    def plain(self) -> bool:
        """Whether there is neither momentum nor weight decay."""
        return not (self.spec.weight_decay or self.spec.momentum)

    def state_floats(self, n_parameters: int) -> int:
        """Return P with momentum, else 0."""
        return n_parameters if self.spec.momentum else 0

    def update_(
        self, params: Tensor, grad: Tensor, state: Tensor, step: NDArray[np.int64], lr: float
    ) -> None:
        """Update in place; see `Optimizer`."""
        spec = self.spec
        if spec.weight_decay:
            grad.add_(params, alpha=spec.weight_decay)
        if spec.momentum:
            # PyTorch starts with the gradient itself; momentum * 0 + gradient is the same.
            state.mul_(spec.momentum).add_(grad)
            grad = grad.add_(state, alpha=spec.momentum) if spec.nesterov else state
        params.add_(grad, alpha=-lr)


class Adam:
    """Adam and AdamW (``torch.optim``); the state is both moments."""

    plain = False

    def __init__(self, spec: AdamSpec | AdamWSpec) -> None:
        self.spec = spec
        self.decoupled = isinstance(spec, AdamWSpec)

    def state_floats(self, n_parameters: int) -> int:
        """Return 2 P."""
        return 2 * n_parameters

    def update_(
        self, params: Tensor, grad: Tensor, state: Tensor, step: NDArray[np.int64], lr: float
    ) -> None:
        """Update in place; see `Optimizer`."""
        spec = self.spec
        first, second = state.tensor_split(2, 1)
        if self.decoupled and spec.weight_decay:
            params.mul_(1 - lr * spec.weight_decay)
        elif spec.weight_decay:
            grad.add_(params, alpha=spec.weight_decay)
        first.lerp_(grad, 1 - spec.beta1)
        second.mul_(spec.beta2).addcmul_(grad, grad, value=1 - spec.beta2)
        # x - rate m / (sqrt(v) / root + eps), the rate being in the denominator: a pass less.
        t = step.astype(np.float64)
        rate, root = lr / (1 - spec.beta1**t), np.sqrt(1 - spec.beta2**t)
        columns = np.array([1 / (root * rate), spec.eps / rate], np.float32)[:, :, None]
        scale, offset = torch.from_numpy(columns).to(params.device)
        params.addcdiv_(first, second.sqrt().mul_(scale).add_(offset), value=-1.0)


def clip_(grad: Tensor, norm: float) -> None:
    """Shrink each row of *grad* ``(G, P)`` to at most *norm*, as ``clip_grad_norm_`` does."""
    grad.mul_((norm / (torch.linalg.vector_norm(grad, dim=1, keepdim=True) + 1e-6)).clamp_max(1.0))


@singledispatch
def make_optimizer(spec: OptimizerSpec) -> Optimizer:
    """Return the optimiser of *spec*; register another kind with ``@make_optimizer.register``."""
    raise InputError(
        f"no optimiser for {type(spec).__name__}; register one with"
        " p2pkd.learning.optim.optimizers.make_optimizer.register"
    )


@make_optimizer.register
def _sgd(spec: SgdSpec) -> Optimizer:
    return Sgd(spec)


@make_optimizer.register(AdamSpec)
@make_optimizer.register(AdamWSpec)
def _adam(spec: AdamSpec | AdamWSpec) -> Optimizer:
    return Adam(spec)
