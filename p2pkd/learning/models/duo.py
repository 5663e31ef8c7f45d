"""Two models in one row: a private one, and a proxy that learns from it and teaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from p2pkd.learning.api import Outputs
from p2pkd.learning.models.architecture import Architecture, Pull, make
from p2pkd.scenario.models import DuoSpec


class Duo(Architecture):
    """A proxy and a private model; a row of parameters is the proxy's, then the private one's.

    The proxy comes first so that it lies at the same place in every row, whatever is behind it.
    What the duo predicts is what its private model does.
    """

    hooks = DuoSpec.hooks

    def __init__(self, private: Architecture, proxy: Architecture) -> None:
        self.private = private
        self.proxy = proxy
        self.name = f"{private.name} with proxy {proxy.name}"
        self.n_parameters = proxy.n_parameters + private.n_parameters
        self.n_features = private.n_features
        self.n_classes = private.n_classes
        self.flops_forward = private.flops_forward + proxy.flops_forward
        self.activation_floats = private.activation_floats + proxy.activation_floats

    @property
    def n_sent(self) -> int:
        """The proxy's parameters alone travel."""
        return self.proxy.n_parameters

    def initial(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return fresh parameters, ``(P,)``; the private model draws first.

        It thus begins as it would without a proxy.
        """
        private = self.private.initial(rng)
        return np.concatenate([self.proxy.initial(rng), private])

    def split(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rows of proxies and of private models, views of *flat* ``(G, P)``."""
        return flat[:, : self.n_sent], flat[:, self.n_sent : self.n_parameters]

    def forward(self, flat: Tensor, x: Tensor) -> Outputs:
        """Return the outputs of the private models on their own rows *x* ``(G, B, F)``."""
        return self.private.forward(self.split(flat)[1], x)

    def gradient(self, flat: Tensor, x: Tensor, pull: Pull) -> Tensor:
        """Return the gradient ``(G, P)`` of both: each by *pull* alone, or by each other."""
        if isinstance(pull, MutualPull):
            return self._mutual(flat, x, pull)
        proxy, private = self.split(flat)
        gradients = [self.proxy.gradient(proxy, x, pull), self.private.gradient(private, x, pull)]
        return torch.cat(gradients, 1)

    def _mutual(self, flat: Tensor, x: Tensor, pull: MutualPull) -> Tensor:
        """Return the gradient of models that learn from each other.

        The proxy's pass lies inside the private model's, so that each goes forward once.
        """
        proxy, private = self.split(flat)
        inner: list[Tensor] = []

        def at_private(outputs: Outputs) -> tuple[Tensor, None]:
            own = _probabilities(outputs)
            proxys: list[Tensor] = []

            def at_proxy(outputs: Outputs) -> tuple[Tensor, None]:
                proxys.append(_probabilities(outputs))
                return pull.towards(proxys[0], own, pull.proxy_weight), None

            inner.append(self.proxy.gradient(proxy, x, at_proxy))
            return pull.towards(own, proxys[0], pull.weight), None

        outer = self.private.gradient(private, x, at_private)
        return torch.cat([*inner, outer], 1)


class GroupedDuo(Duo):
    """A duo of models that are faster many at a time."""

    grouped: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class MutualPull:
    """The pull of a CE + (1 - a) KL(other, own) on both models of a duo.

    *labels* and *weights* are ``(G, B)``; a is *weight* for the private model, *proxy_weight* for
    the proxy.
    """

    labels: Tensor
    weights: Tensor
    weight: float
    proxy_weight: float

    def towards(self, own: Tensor, other: Tensor, a: float) -> Tensor:
        """Return w (p - a y - (1 - a) q), the gradient at the logits, ``(G, B, C)``.

        *own* and *other* are p and q, class by class, ``(G, C, B)``; q is held fixed.
        """
        gradient = own - other * (1 - a)
        minus = gradient.new_full((1, 1, 1), -a).expand(own.shape[0], 1, own.shape[2])
        gradient.scatter_add_(1, self.labels.unsqueeze(1), minus)
        return gradient.mul_(self.weights.unsqueeze(1)).mT

    def __call__(self, outputs: Outputs) -> tuple[Tensor, Tensor | None]:
        """Refuse: a single model has no other to learn from."""
        raise TypeError("two models that teach each other need an architecture with a proxy")


def _probabilities(outputs: Outputs) -> Tensor:
    return outputs.logits.mT.softmax(1)


@make.register
def _duo(spec: DuoSpec, input_shape: tuple[int, ...], n_classes: int) -> Architecture:
    private = make(spec.private, input_shape, n_classes)
    proxy = make(spec.proxy, input_shape, n_classes)
    kind = GroupedDuo if private.grouped and proxy.grouped else Duo
    return kind(private, proxy)
