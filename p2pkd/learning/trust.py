"""How much an agent trusts each other one, kept in its row from lesson to lesson."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.learning.optimizers import Optimizer


class Trusting:
    """An optimiser whose state has *n* numbers more, one for each agent, that it leaves alone.

    They are 0 at first, and a part of the agent's version as its moments are: what is put off or
    forgotten takes them along.
    """

    def __init__(self, inner: Optimizer, n: int) -> None:
        self.inner = inner
        self.n = n

    def state_floats(self, n_parameters: int) -> int:
        """Return the optimiser's, and n."""
        return self.inner.state_floats(n_parameters) + self.n

    def update_(
        self, params: Tensor, grad: Tensor, state: Tensor, step: NDArray[np.int64], lr: float
    ) -> None:
        """Update in place; see `p2pkd.learning.optimizers.Optimizer`."""
        self.inner.update_(params, grad, state[:, : -self.n], step, lr)


def trusting(inner: Optimizer, weighting: Any, n: int) -> Optimizer:
    """Return *inner*, with room for what *weighting* remembers of *n* agents, if anything."""
    return Trusting(inner, n) if getattr(weighting, "remembers", False) else inner
