"""The architectures that an agent may train."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import ClassVar, Literal

from p2pkd.scenario.base import Family
from p2pkd.scenario.quantities import Count


class ModelSpec(Family, root=True):
    """A classifier's architecture; input shape and classes come from the data."""

    plural = "models"

    hooks: ClassVar[frozenset[str]] = frozenset({"logits", "features", "input_gradients"})
    """What objectives may look at: `logits`, their `input_gradients` (that can be differentiated
    again), and `features`, learned, below the last layer."""

    def count_parameters(self, input_shape: tuple[int, ...], n_classes: int) -> int | None:
        """Return P for such data; None where only the built architecture tells."""
        return None


class LinearSpec(ModelSpec):
    """Multinomial logistic regression."""

    hooks: ClassVar[frozenset[str]] = frozenset({"logits", "input_gradients"})
    kind: Literal["linear"] = "linear"

    def count_parameters(self, input_shape: tuple[int, ...], n_classes: int) -> int:
        """Return weights and biases of one layer."""
        return _dense(math.prod(input_shape), n_classes)


class MlpSpec(ModelSpec):
    """A perceptron with ReLU layers of the given widths."""

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Count, ...] = (64,)

    def count_parameters(self, input_shape: tuple[int, ...], n_classes: int) -> int:
        """Return weights and biases of all layers."""
        return _dense(math.prod(input_shape), *self.hidden, n_classes)


class CnnSpec(ModelSpec):
    """3x3 convolutions with GroupNorm, ReLU and 2x2 pooling, then one dense layer.

    GroupNorm rather than BatchNorm: no statistics that leak between private and reference rows.
    """

    kind: Literal["cnn"] = "cnn"
    channels: tuple[Count, ...] = (16, 32)
    dense: Count = 64

    def count_parameters(self, input_shape: tuple[int, ...], n_classes: int) -> int | None:
        """Return the parameters of convolutions, norms and dense layers; None without images."""
        if len(input_shape) != 3:
            return None
        depth, height, width = input_shape
        count = 0
        for channels in self.channels:
            count += channels * (9 * depth + 3)
            depth = channels
            if min(height, width) > 1:
                height, width = height // 2, width // 2
        return count + _dense(depth * height * width, self.dense, n_classes)


def _dense(*widths: int) -> int:
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(widths))
