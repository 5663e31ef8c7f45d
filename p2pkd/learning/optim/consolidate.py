"""An optimiser that holds on to what mattered before."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.learning.optim.optimizers import Optimizer, make_optimizer
from p2pkd.scenario.optimizers import OptimizerSpec


class Consolidating:
    """Adds strength sum_i Omega_i (theta_i - theta_i,prev)^2 to whatever an optimiser minimises.

    The penalty is stiff, so each step takes it implicitly (its proximal step): theta becomes
    (theta + c theta_prev) / (1 + c) with c = 2 lr strength Omega, which is stable for any strength.

    Every *every* updates of an agent, Omega grows by the mean of the squared gradients since the
    last time, and theta_prev becomes theta.  Beside the optimiser's state, a row keeps the sum of
    squared gradients, Omega and theta_prev: 3 P numbers.
    """

    plain = False

    def __init__(self, inner: Optimizer, every: int, strength: float) -> None:
        self.inner = inner
        self.every = every
        self.strength = strength

    def state_floats(self, n_parameters: int) -> int:
        """Return the optimiser's, and 3 P."""
        return self.inner.state_floats(n_parameters) + 3 * n_parameters

    def update_(
        self, params: Tensor, grad: Tensor, state: Tensor, step: NDArray[np.int64], lr: float
    ) -> None:
        """Update in place; see `p2pkd.learning.optim.optimizers.Optimizer`."""
        inner = state.shape[1] - 3 * params.shape[1]
        squares, omega, previous = state[:, inner:].tensor_split(3, 1)
        # Step 1: what matters for the loss, and the optimiser's own update.
        squares.addcmul_(grad, grad)
        self.inner.update_(params, grad, state[:, :inner], step, lr)
        # Step 2: back towards where it was.
        pull = omega * (2 * lr * self.strength)
        params.addcmul_(pull, previous).div_(1 + pull)
        # Step 3: agents whose turn it is take a new look back.
        turn = np.flatnonzero(step % self.every == 0)
        if len(turn):
            rows = torch.from_numpy(turn).to(params.device)
            omega[rows] += squares[rows] / self.every
            previous[rows] = params[rows]
            squares[rows] = 0


def optimizer_of(objective: Any, spec: OptimizerSpec) -> Optimizer:
    """Return the optimiser of *spec*; *objective* may be one that consolidates."""
    inner = make_optimizer(spec)
    consolidation = objective.consolidation
    return inner if consolidation is None else Consolidating(inner, *consolidation)
