"""What a model is: a shape of numbers in one flat row, and what it makes of data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.core.errors import InputError
from p2pkd.learning.api import Outputs
from p2pkd.scenario.models import ModelSpec

# Given outputs, the gradient of the loss with respect to logits and (None if it has none) features.
Pull = Callable[[Outputs], tuple[Tensor, Tensor | None]]


class Architecture(ABC):
    """One architecture; agents that share it are rows of one table ``(G, n_parameters)``.

    Attributes
    ----------
    hooks : what objectives may look at (see `p2pkd.scenario.models.ModelSpec`).
    name : in words, such as ``mlp 64-32-10``.
    n_parameters : P.
    n_features : d, the width of the penultimate layer.
    flops_forward : floating-point operations to predict one row.
    activation_floats : numbers kept for the backward pass of one row.
    n_places : of the last activations that have places (see `activations`); 0 without such.
    grouped : whether many agents in one call are faster than one after the other on a CPU.
    """

    hooks: frozenset[str] = ModelSpec.hooks
    grouped: ClassVar[bool] = False
    name: str
    n_parameters: int
    n_features: int
    n_classes: int
    flops_forward: float
    activation_floats: int
    n_places: int = 0

    @property
    def n_sent(self) -> int:
        """How many of a row's parameters travel, the first: all, or a proxy's."""
        return self.n_parameters

    @abstractmethod
    def initial(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return fresh parameters, ``(P,)``, distributed as PyTorch's layers are by default."""

    @abstractmethod
    def forward(self, flat: Tensor, x: Tensor) -> Outputs:
        """Return the outputs of models *flat* ``(G, P)`` on their own rows *x* ``(G, B, F)``."""

    def activations(self, flat: Tensor, x: Tensor) -> Tensor:
        """Return the last activations that have places, ``(G, B, channels, n_places)``."""
        raise TypeError(f"{self.name} has no activations that have places")

    def gradient(self, flat: Tensor, x: Tensor, pull: Pull) -> Tensor:
        """Return the gradient ``(G, P)`` of the loss whose gradient at the outputs is *pull*'s."""
        with torch.enable_grad():
            leaf = flat.detach().requires_grad_()
            outputs = self.forward(leaf, x)
        towards = pull(Outputs(outputs.logits.detach(), outputs.features.detach()))
        return gradients_of(outputs, towards, [leaf])[0]

    def step_(self, flat: Tensor, x: Tensor, pull: Pull, lr: float) -> None:
        """Take a step of plain SGD: subtract *lr* times the gradient from *flat* ``(G, P)``."""
        flat.add_(self.gradient(flat, x, pull), alpha=-lr)


def gradients_of(
    outputs: Outputs, towards: tuple[Tensor, Tensor | None], leaves: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """Return the gradients at *leaves* of what has the gradient *towards* at *outputs*."""
    pairs = [(o, g) for o, g in zip(outputs, towards, strict=True) if g is not None]
    roots, gradients = zip(*pairs, strict=True)
    return torch.autograd.grad(roots, leaves, gradients)


def uniform_layer(
    rng: np.random.Generator, n_out: int, fan_in: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights ``(n_out * fan_in,)`` and biases ``(n_out,)``, uniform within 1/sqrt(fan_in).

    The defaults of ``torch.nn.Linear`` and ``Conv2d``.
    """
    bound = 1 / np.sqrt(fan_in)
    numbers = (rng.random(n_out * (fan_in + 1), dtype=np.float32) * 2 - 1) * np.float32(bound)
    return numbers[n_out:], numbers[:n_out]


@singledispatch
def make(spec: ModelSpec, input_shape: tuple[int, ...], n_classes: int) -> Architecture:
    """Make the architecture of *spec*; register another kind with ``@make.register``."""
    raise InputError(
        f"no architecture for the model {type(spec).__name__}; register one with"
        " p2pkd.learning.models.architecture.make.register"
    )
