"""Perceptrons, many at a time, with their gradient written by hand."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.learning.api import Outputs
from p2pkd.learning.architecture import Architecture, Pull, make, uniform_layer
from p2pkd.scenario.models import LinearSpec, MlpSpec


class Mlp(Architecture):
    """ReLU layers of the given *widths*, input and classes included.

    A row of parameters is, layer after layer, the weights ``(n_out, n_in)`` and the biases.
    """

    grouped: ClassVar[bool] = True

    def __init__(self, widths: tuple[int, ...]) -> None:
        self.widths = widths
        self.layers = tuple(pairwise(widths))
        self.name = "-".join(["mlp " if len(widths) > 2 else "linear ", *map(str, widths)]).replace(
            " -", " "
        )
        self.sizes = tuple((n_out, n_in, n_out * n_in) for n_in, n_out in self.layers)
        self.n_parameters = sum(weights + n_out for n_out, _, weights in self.sizes)
        self.n_features = widths[-2]
        self.n_classes = widths[-1]
        self.flops_forward = float(sum(2 * weights + n_out for n_out, _, weights in self.sizes))
        self.activation_floats = sum(widths)

    def initial(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return fresh parameters, ``(P,)``."""
        return np.concatenate(
            [part for n_in, n_out in self.layers for part in uniform_layer(rng, n_out, n_in)]
        )

    def split(self, flat: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return views of *flat* ``(G, P)``: weights ``(G, n_out, n_in)``, biases ``(G, 1, n_out)``."""
        views, start = [], 0
        for n_out, n_in, weights in self.sizes:
            middle, end = start + weights, start + weights + n_out
            weight = flat[:, start:middle].unflatten(1, (n_out, n_in))
            views.append((weight, flat[:, middle:end].unsqueeze(1)))
            start = end
        return views

    def forward(self, flat: Tensor, x: Tensor) -> Outputs:
        """Return the outputs of models *flat* ``(G, P)`` on their own rows *x* ``(G, B, F)``."""
        *hidden, (weight, bias) = self.split(flat)
        for inner, offset in hidden:
            x = torch.baddbmm(offset, x, inner.mT).relu_()
        return Outputs(torch.baddbmm(bias, x, weight.mT), x)

    def gradient(self, flat: Tensor, x: Tensor, pull: Pull) -> Tensor:
        """Return the gradient ``(G, P)`` of the loss whose gradient at the outputs is *pull*'s."""
        views = self.split(flat)
        *hidden, (weight, bias) = views
        inputs = [x]
        for inner, offset in hidden:
            inputs.append(torch.baddbmm(offset, inputs[-1], inner.mT).relu_())
        delta, features = pull(Outputs(torch.baddbmm(bias, inputs[-1], weight.mT), inputs[-1]))
        gradient = torch.empty_like(flat)
        slots = self.split(gradient)
        for layer in reversed(range(len(views))):
            weight_slot, bias_slot = slots[layer]
            weight_slot.copy_(torch.bmm(delta.mT, inputs[layer]))
            torch.sum(delta, 1, keepdim=True, out=bias_slot)
            if layer:
                delta = torch.bmm(delta, views[layer][0])
                if features is not None:
                    delta, features = delta + features, None
                delta.masked_fill_(inputs[layer] <= 0, 0.0)
        return gradient


@make.register
def _mlp(spec: MlpSpec, input_shape: tuple[int, ...], n_classes: int) -> Architecture:
    return Mlp((prod(input_shape), *spec.hidden, n_classes))


@make.register
def _linear(spec: LinearSpec, input_shape: tuple[int, ...], n_classes: int) -> Architecture:
    return Mlp((prod(input_shape), n_classes))
