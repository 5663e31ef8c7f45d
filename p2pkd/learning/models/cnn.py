"""Small convolutional networks, one agent after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from p2pkd.core.errors import InputError
from p2pkd.learning.api import Outputs
from p2pkd.learning.models.architecture import Architecture, Pull, gradients_of, make, uniform_layer
from p2pkd.scenario.models import CnnSpec


class Cnn(Architecture):
    """Per stage: 3x3 convolution, GroupNorm, ReLU, 2x2 pooling; then a dense layer and the classes.

    A row of parameters is, stage after stage, weights, biases, and scale and shift of GroupNorm;
    then weights and biases of the two dense layers.  *spec* says which of these there are.
    """

    def __init__(self, spec: CnnSpec, input_shape: tuple[int, ...], n_classes: int) -> None:
        if len(input_shape) != 3:
            raise InputError(
                f"devices: model cnn: needs images (channels, height, width), given rows of"
                f" {input_shape}; choose another data set, or the model mlp"
            )
        self.spec = spec
        self.input_shape = input_shape
        self.planes = spec.planes(input_shape)
        if min(self.planes[-1][1:]) < 1:
            raise InputError(
                f"devices: model cnn: {len(spec.channels)} valid convolutions leave nothing of"
                f" images of {input_shape[1]} x {input_shape[2]}; use fewer, or padding: same"
            )
        self.n_classes = n_classes
        self.n_features = spec.dense
        self.hooks = CnnSpec.hooks
        self.n_places = math.prod(self.planes[-1][3:])
        self.shapes: list[tuple[int, ...]] = []
        channels = "-".join(map(str, spec.channels))
        self.name = f"cnn {channels}, {spec.dense}-{n_classes}" + "".join(_unusual(spec))
        self._measure()
        self.n_parameters = sum(math.prod(shape) for shape in self.shapes)

    def _measure(self) -> None:
        spec, bias = self.spec, int(self.spec.bias)
        depth = self.input_shape[0]
        flops, floats = 0.0, math.prod(self.input_shape)
        for n_out, *made in (plane[:3] for plane in self.planes):
            norm = [(n_out,), (n_out,)] if spec.norm == "group" else []
            self.shapes += [(n_out, depth, 3, 3), *[(n_out,)] * bias, *norm]
            flops += math.prod(made) * n_out * (2 * 9 * depth + bias)
            floats += 2 * math.prod(made) * n_out
            depth = n_out
        widths = (depth * math.prod(self.planes[-1][3:]), spec.dense, self.n_classes)
        for n_in, n_out in pairwise(widths):
            self.shapes += [(n_out, n_in), *[(n_out,)] * bias]
            flops += (2 * n_in + bias) * n_out
        self.flops_forward = flops
        self.activation_floats = floats + sum(widths)

    def initial(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return fresh parameters, ``(P,)``."""
        parts: list[NDArray[np.float32]] = []
        for shape in (shape for shape in self.shapes if len(shape) > 1):
            layer = uniform_layer(rng, shape[0], math.prod(shape[1:]))
            parts += layer if self.spec.bias else layer[:1]
            if len(shape) == 4 and self.spec.norm == "group":
                parts += [np.ones(shape[0], np.float32), np.zeros(shape[0], np.float32)]
        return np.concatenate(parts)

    def forward(self, flat: Tensor, x: Tensor) -> Outputs:
        """Return the outputs of models *flat* ``(G, P)`` on their own rows *x* ``(G, B, F)``."""
        return self._outputs([self._views(row) for row in flat], x)

    def activations(self, flat: Tensor, x: Tensor) -> Tensor:
        """Return the last planes, ``(G, B, channels, height * width)``."""
        planes = [
            self._planes(iter(self._views(row)), rows) for row, rows in zip(flat, x, strict=True)
        ]
        return torch.stack(planes).flatten(3)

    def step_(self, flat: Tensor, x: Tensor, pull: Pull, lr: float) -> None:
        """Take a step down the gradient, tensor by tensor: it is never written down whole."""
        models = [[view.requires_grad_() for view in self._views(row.detach())] for row in flat]
        with torch.enable_grad():
            outputs = self._outputs(models, x)
        towards = pull(Outputs(outputs.logits.detach(), outputs.features.detach()))
        views = [view for model in models for view in model]
        for view, gradient in zip(views, gradients_of(outputs, towards, views), strict=True):
            view.detach().add_(gradient, alpha=-lr)

    def _views(self, row: Tensor) -> list[Tensor]:
        """Return the layers' tensors in a *row* ``(P,)``."""
        pieces = torch.split(row, [math.prod(shape) for shape in self.shapes])
        return [p.view(shape) for p, shape in zip(pieces, self.shapes, strict=True)]

    def _outputs(self, models: Sequence[Sequence[Tensor]], x: Tensor) -> Outputs:
        each = [self._one(views, rows) for views, rows in zip(models, x, strict=True)]
        return Outputs(torch.stack([one[0] for one in each]), torch.stack([one[1] for one in each]))

    def _one(self, tensors: Sequence[Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
        views = iter(tensors)
        below = self._planes(views, x).flatten(1)
        features = functional.linear(below, next(views), self._bias(views)).relu()
        return functional.linear(features, next(views), self._bias(views)), features

    def _planes(self, views: Iterator[Tensor], x: Tensor) -> Tensor:
        """Return what the convolutions make of *x* ``(B, F)``, ``(B, channels, height, width)``."""
        x = x.reshape(-1, *self.input_shape)
        edge = 1 if self.spec.padding == "same" else 0
        for n_out, *made, height, width in self.planes:
            x = functional.conv2d(x, next(views), self._bias(views), padding=edge)
            if self.spec.norm == "group":
                x = functional.group_norm(x, _groups(n_out), next(views), next(views))
            # Pooling and ReLU may change places, and ReLU of a quarter of the numbers takes less.
            if made != [height, width]:
                x = functional.max_pool2d(x, 2)
            x = x.relu()
        return x

    def _bias(self, views: Iterator[Tensor]) -> Tensor | None:
        return next(views) if self.spec.bias else None


def _unusual(spec: CnnSpec) -> Iterator[str]:
    """Yield, in words, what of *spec* is not the default."""
    if spec.padding != "same":
        yield f", {spec.padding}"
    if spec.norm != "group":
        yield ", no norm"
    if spec.pool != "each":
        yield ", pooled once"
    if not spec.bias:
        yield ", no bias"


def _groups(channels: int) -> int:
    """Return 8, or the largest smaller number that divides *channels*."""
    return next(n for n in range(min(8, channels), 0, -1) if channels % n == 0)


@make.register
def _cnn(spec: CnnSpec, input_shape: tuple[int, ...], n_classes: int) -> Architecture:
    return Cnn(spec, input_shape, n_classes)
