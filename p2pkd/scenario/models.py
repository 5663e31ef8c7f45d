"""The architectures that an agent may train."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Family
from p2pkd.scenario.quantities import Count


class ModelSpec(Family, root=True):
    """A classifier's architecture; input shape and classes come from the data."""

    plural = "models"

    hooks: ClassVar[frozenset[str]] = frozenset({"logits", "features", "input_gradients"})
    """What objectives may look at: `logits`, their `input_gradients` (that can be differentiated
    again), and `features`, learned, below the last layer; `activations` that have places; a `proxy`
    beside the model; `widths` that can change."""

    @property
    def public(self) -> ModelSpec:
        """What may be shown to others: the model itself, or its proxy."""
        return self

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

    hooks: ClassVar[frozenset[str]] = ModelSpec.hooks | {"activations", "widths"}
    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Count, ...] = (64,)

    def count_parameters(self, input_shape: tuple[int, ...], n_classes: int) -> int:
        """Return weights and biases of all layers."""
        return _dense(math.prod(input_shape), *self.hidden, n_classes)


class CnnSpec(ModelSpec):
    """3x3 convolutions with GroupNorm, ReLU and 2x2 pooling, then one dense layer.

    GroupNorm rather than BatchNorm: no statistics that leak between private and reference rows.
    """

    hooks: ClassVar[frozenset[str]] = ModelSpec.hooks | {"activations"}
    kind: Literal["cnn"] = "cnn"
    channels: Annotated[tuple[Count, ...], Field(min_length=1)] = (16, 32)
    dense: Count = 64
    padding: Literal["same", "valid"] = "same"
    """`valid` convolutions take a pixel off each side."""
    norm: Literal["group", "none"] = "group"
    pool: Literal["each", "last"] = "each"
    """After which convolutions the planes are halved, as long as there is more than one pixel."""
    bias: bool = True
    """Whether convolutions and dense layers have one."""

    def planes(self, input_shape: tuple[int, ...]) -> list[tuple[int, int, int, int, int]]:
        """Return, for each convolution, channels, the plane that it makes, and that after pooling.

        *input_shape* is ``(channels, height, width)``.  The planes of images too small for their
        convolutions have no pixel.
        """
        _, height, width = input_shape
        planes = []
        for number, channels in enumerate(self.channels, 1):
            if self.padding == "valid":
                height, width = max(0, height - 2), max(0, width - 2)
            made = height, width
            pooled = self.pool == "each" or number == len(self.channels)
            if pooled and min(height, width) > 1:
                height, width = height // 2, width // 2
            planes.append((channels, *made, height, width))
        return planes

    def count_parameters(self, input_shape: tuple[int, ...], n_classes: int) -> int | None:
        """Return the parameters of convolutions, norms and dense layers; None without images."""
        if len(input_shape) != 3:
            return None
        count, others = 0, self.bias + 2 * (self.norm == "group")
        for before, channels in pairwise((input_shape[0], *self.channels)):
            count += channels * (9 * before + others)
        flat = self.channels[-1] * math.prod(self.planes(input_shape)[-1][3:])
        layers = (flat, self.dense, n_classes)
        return count + _dense(*layers) - (0 if self.bias else sum(layers[1:]))


class DuoSpec(ModelSpec):
    """Two models an agent: a private one, which predicts, and a proxy, which alone travels.

    Both are trained on the same rows by the objective `proxy`; private models may differ from agent
    to agent.
    """

    hooks: ClassVar[frozenset[str]] = frozenset({"proxy"})
    kind: Literal["duo"] = "duo"
    private: ModelSpec = MlpSpec(hidden=(64,))
    proxy: ModelSpec = MlpSpec(hidden=(16,))

    @model_validator(mode="after")
    def _of_single_models(self) -> Self:
        if isinstance(self.private, DuoSpec) or isinstance(self.proxy, DuoSpec):
            raise ValueError("a duo is made of single models; give private and proxy another kind")
        return self

    @property
    def public(self) -> ModelSpec:
        """The proxy."""
        return self.proxy

    def count_parameters(self, input_shape: tuple[int, ...], n_classes: int) -> int | None:
        """Return the parameters of both; None where either is unknown."""
        private = self.private.count_parameters(input_shape, n_classes)
        proxy = self.proxy.count_parameters(input_shape, n_classes)
        return None if private is None or proxy is None else private + proxy


def _dense(*widths: int) -> int:
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(widths))
