"""Small convolutional networks, one agent after the other."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from p2pkd.core.errors import InputError
from p2pkd.learning.api import Outputs
from p2pkd.learning.architecture import Architecture, make, uniform_layer
from p2pkd.scenario.models import CnnSpec


class Cnn(Architecture):
    """Per stage: 3x3 convolution, GroupNorm, ReLU, 2x2 pooling; then a dense layer and the classes.

    A row of parameters is, stage after stage, weights, biases, and scale and shift of GroupNorm;
    then weights and biases of the two dense layers.
    """

    def __init__(
        self, input_shape: tuple[int, ...], channels: tuple[int, ...], dense: int, n_classes: int
    ) -> None:
        if len(input_shape) != 3:
            raise InputError(
                f"model cnn: needs images (channels, height, width), given rows of {input_shape};"
                " choose another data set, or the model mlp"
            )
        self.input_shape = input_shape
        self.stages = tuple(pairwise((input_shape[0], *channels)))
        self.n_classes = n_classes
        self.n_features = dense
        self.shapes: list[tuple[int, ...]] = []
        self.name = f"cnn {'-'.join(map(str, channels))}, {dense}-{n_classes}"
        self._measure(dense)
        self.n_parameters = sum(math.prod(shape) for shape in self.shapes)

    def _measure(self, dense: int) -> None:
        _, height, width = self.input_shape
        flops, floats = 0.0, math.prod(self.input_shape)
        for n_in, n_out in self.stages:
            self.shapes += [(n_out, n_in, 3, 3), (n_out,), (n_out,), (n_out,)]
            flops += height * width * n_out * (2 * 9 * n_in + 1)
            floats += 2 * height * width * n_out
            if min(height, width) > 1:
                height, width = height // 2, width // 2
        flat = self.stages[-1][1] * height * width
        self.shapes += [(dense, flat), (dense,), (self.n_classes, dense), (self.n_classes,)]
        self.flops_forward = flops + (2 * flat + 1) * dense + (2 * dense + 1) * self.n_classes
        self.activation_floats = floats + flat + dense + self.n_classes

    def initial(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return fresh parameters, ``(P,)``."""
        parts: list[NDArray[np.float32]] = []
        for n_in, n_out in self.stages:
            parts += uniform_layer(rng, n_out, 9 * n_in)
            parts += [np.ones(n_out, np.float32), np.zeros(n_out, np.float32)]
        for n_out, n_in in (self.shapes[-4], self.shapes[-2]):
            parts += uniform_layer(rng, n_out, n_in)
        return np.concatenate(parts)

    def forward(self, flat: Tensor, x: Tensor) -> Outputs:
        """Return the outputs of models *flat* ``(G, P)`` on their own rows *x* ``(G, B, F)``."""
        each = [self._one(row, rows) for row, rows in zip(flat, x, strict=True)]
        return Outputs(torch.stack([one[0] for one in each]), torch.stack([one[1] for one in each]))

    def _one(self, row: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        sizes = [math.prod(shape) for shape in self.shapes]
        pieces = torch.split(row, sizes)
        views = iter([p.view(shape) for p, shape in zip(pieces, self.shapes, strict=True)])
        x = x.reshape(-1, *self.input_shape)
        for _, n_out in self.stages:
            x = functional.conv2d(x, next(views), next(views), padding=1)
            x = functional.group_norm(x, _groups(n_out), next(views), next(views)).relu()
            if min(x.shape[2:]) > 1:
                x = functional.max_pool2d(x, 2)
        features = functional.linear(x.flatten(1), next(views), next(views)).relu()
        return functional.linear(features, next(views), next(views)), features


def _groups(channels: int) -> int:
    """Return 8, or the largest smaller number that divides *channels*."""
    return next(n for n in range(min(8, channels), 0, -1) if channels % n == 0)


@make.register
def _cnn(spec: CnnSpec, input_shape: tuple[int, ...], n_classes: int) -> Architecture:
    return Cnn(input_shape, spec.channels, spec.dense, n_classes)
