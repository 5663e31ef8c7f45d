"""Perceptrons, many at a time, with their gradient written by hand."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from p2pkd.learning.api import Outputs
from p2pkd.learning.architecture import Architecture, Pull, make, uniform_layer
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
        n = x.shape[1]
        return Outputs(logits.mT[:, :n], below[-1].mT[:, :n])

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
        """Return the gradient ``(G, P)`` of the loss whose gradient at the outputs is *pull*'s.

        Activations are kept feature by feature, ``(G, n, B)``: a third faster than row by row.
        """
        # Step 1: forward, keeping what each layer sees.
        views, n = self.split(flat), x.shape[1]
        x = _padded(x, 1, LEAST_ROWS)
        below, logits = self._forward(views, x.mT)

        # Step 2: backward, layer by layer, into one row an agent.
        towards, features = pull(Outputs(logits.mT[:, :n], below[-1].mT[:, :n]))
        delta = _padded(towards.mT, 2, LEAST_ROWS).contiguous()
        gradient = torch.empty((len(flat), self.n_parameters), device=flat.device)
        slots = self.split(gradient)
        for layer in reversed(range(len(views))):
            weight_slot, bias_slot = slots[layer]
            rows = below[layer].mT if layer else _padded(x, 2)
            weight_slot.copy_(torch.bmm(delta, rows)[:, :, : weight_slot.shape[2]])
            torch.sum(delta, 2, keepdim=True, out=bias_slot)
            if layer:
                delta = torch.bmm(views[layer][0].mT, delta)
                if features is not None:
                    delta, features = delta.add_(_padded(features.mT, 2, LEAST_ROWS)), None
                delta.mul_(below[layer].sign())
        return gradient


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
