"""Perceptrons, many at a time, with their gradient written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from p2pkd.learning.api import Outputs
from p2pkd.learning.models.architecture import Architecture, Pull, make, uniform_layer
from p2pkd.scenario.models import LinearSpec, MlpSpec

# Fewer rows are padded: see `_padded`.
LEAST_ROWS = 12


class Mlp(Architecture):
    """ReLU layers of the given *widths*, input and classes included.

    A row of parameters is, layer after layer, the weights ``(n_out, n_in)`` and the biases.
    """

    grouped: ClassVar[bool] = True

    def __init__(self, widths: tuple[int, ...]) -> None:
        self.widths = widths
        self.hooks = (MlpSpec if len(widths) > 2 else LinearSpec).hooks
        self.layers = tuple(pairwise(widths))
        self.name = "-".join(["mlp " if len(widths) > 2 else "linear ", *map(str, widths)]).replace(
            " -", " "
        )
        self.sizes = tuple((n_out, n_in, n_out * n_in) for n_in, n_out in self.layers)
        self.n_parameters = sum(weights + n_out for n_out, _, weights in self.sizes)
        self.n_features = widths[-2]
        self.n_places = widths[-2] if len(widths) > 2 else 0
        self.n_classes = widths[-1]
        self.flops_forward = float(sum(2 * weights + n_out for n_out, _, weights in self.sizes))
        self.activation_floats = sum(widths)

    def initial(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return fresh parameters, ``(P,)``."""
        return np.concatenate(
            [part for n_in, n_out in self.layers for part in uniform_layer(rng, n_out, n_in)]
        )

    def split(self, flat: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return views of *flat*: weights ``(G, n_out, n_in)``, biases ``(G, n_out, 1)``."""
        g, row, start = flat.shape[0], flat.stride(0), flat.storage_offset()
        views = []
        for n_out, n_in, weights in self.sizes:
            weight = flat.as_strided((g, n_out, n_in), (row, n_in, 1), start)
            views.append((weight, flat.as_strided((g, n_out, 1), (row, 1, 1), start + weights)))
            start += weights + n_out
        return views

    def forward(self, flat: Tensor, x: Tensor) -> Outputs:
        """Return the outputs of models *flat* ``(G, P)`` on their own rows *x* ``(G, B, F)``."""
        below, logits = self._forward(self.split(flat), _padded(x, 1, LEAST_ROWS).mT)
        return _outputs(logits, below[-1], x.shape[1])

    def activations(self, flat: Tensor, x: Tensor) -> Tensor:
        """Return the last hidden layer, its units as places of one channel, ``(G, B, 1, d)``."""
        return self.forward(flat, x).features.unsqueeze(2)

    def _forward(
        self, views: list[tuple[Tensor, Tensor]], x: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """Return what each layer sees, ``(G, n_in, B)``, and the logits, ``(G, C, B)``."""
        *hidden, (weight, bias) = views
        below = [x]
        for inner, offset in hidden:
            below.append(torch.baddbmm(offset, inner, below[-1]).relu_())
        return below, torch.baddbmm(bias, weight, below[-1])

    def gradient(self, flat: Tensor, x: Tensor, pull: Pull) -> Tensor:
        """Return the gradient ``(G, P)`` of the loss whose gradient at the outputs is *pull*'s."""
        gradient = torch.empty((len(flat), self.n_parameters), device=flat.device)
        slots = self.split(gradient)
        for layer, weights, delta in self._backward(self.split(flat), x, pull):
            weight_slot, bias_slot = slots[layer]
            weight_slot.copy_(weights)
            torch.sum(delta, 2, keepdim=True, out=bias_slot)
        return gradient

    def step_(self, flat: Tensor, x: Tensor, pull: Pull, lr: float) -> None:
        """Take a step down the gradient, layer by layer: it is never written down whole."""
        views = self.split(flat)
        for layer, weights, delta in self._backward(views, x, pull):
            weight, bias = views[layer]
            weight.add_(weights, alpha=-lr)
            bias.add_(delta.sum(2, keepdim=True), alpha=-lr)

    def _backward(
        self, views: list[tuple[Tensor, Tensor]], x: Tensor, pull: Pull
    ) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Yield, from the last layer to the first, its number and gradients.

        These are that of its weights, ``(G, n_out, n_in)``, and that of what it adds to, ``(G,
        n_out, B)``.  Activations are kept feature by feature, ``(G, n, B)``: a third faster than
        row by row.  A layer's parameters may be changed once it has been yielded.
        """
        # Step 1: forward, keeping what each layer sees.
        n, x = x.shape[1], _padded(x, 1, LEAST_ROWS)
        below, logits = self._forward(views, x.mT)

        # Step 2: backward, layer by layer.
        towards, features = pull(_outputs(logits, below[-1], n))
        delta = _padded(towards.mT, 2, LEAST_ROWS).contiguous()
        for layer in reversed(range(len(views))):
            above, rows = delta, below[layer].mT if layer else _padded(x, 2)
            if layer:
                delta = torch.bmm(views[layer][0].mT, above)
                if features is not None:
                    delta, features = delta.add_(_padded(features.mT, 2, LEAST_ROWS)), None
                delta.mul_(below[layer].sign())
            weights, n_in = torch.bmm(above, rows), self.layers[layer][0]
            yield layer, weights if weights.shape[2] == n_in else weights[:, :, :n_in], above


def _outputs(logits: Tensor, features: Tensor, n: int) -> Outputs:
    """Return the first *n* rows of both, given feature by feature, ``(G, ., B)``, row by row."""
    if logits.shape[2] == n:
        return Outputs(logits.mT, features.mT)
    return Outputs(logits.mT[:, :n], features.mT[:, :n])


def _padded(x: Tensor, axis: int, least: int = 0) -> Tensor:
    """Return *x* ``(G, ., .)``, zeros appended along *axis* 1 or 2: a multiple of four, or *least*.

    In MKL's products of matrices whose rows are not whole vectors of four, and in those with at
    most eight columns, the last digits depend on where the numbers lie in memory: on who else is in
    the group.
    """
    n = x.shape[axis]
    missing = max(least, n + -n % 4) - n
    if not missing:
        return x
    return pad(x, (0, missing) if axis == 2 else (0, 0, 0, missing))


@make.register
def _mlp(spec: MlpSpec, input_shape: tuple[int, ...], n_classes: int) -> Architecture:
    return Mlp((prod(input_shape), *spec.hidden, n_classes))


@make.register
def _linear(spec: LinearSpec, input_shape: tuple[int, ...], n_classes: int) -> Architecture:
    return Mlp((prod(input_shape), n_classes))
