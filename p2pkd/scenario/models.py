"""The architectures that an agent may train."""

from __future__ import annotations

from typing import ClassVar, Literal

from p2pkd.scenario.base import Family
from p2pkd.scenario.quantities import Count


class ModelSpec(Family, root=True):
    """A classifier's architecture; input shape and classes come from the data."""

    plural = "models"

    hooks: ClassVar[frozenset[str]] = frozenset({"logits", "features"})
    """What objectives may look at: `logits`, and `features`, learned, below the last layer."""


class LinearSpec(ModelSpec):
    """Multinomial logistic regression."""

    hooks: ClassVar[frozenset[str]] = frozenset({"logits"})
    kind: Literal["linear"] = "linear"


class MlpSpec(ModelSpec):
    """A perceptron with ReLU layers of the given widths."""

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Count, ...] = (64,)


class CnnSpec(ModelSpec):
    """3x3 convolutions with GroupNorm, ReLU and 2x2 pooling, then one dense layer.

    GroupNorm rather than BatchNorm: no statistics that leak between private and reference rows.
    """

    kind: Literal["cnn"] = "cnn"
    channels: tuple[Count, ...] = (16, 32)
    dense: Count = 64
