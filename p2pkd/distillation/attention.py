"""Attention transfer: look where the teachers look (Zagoruyko and Komodakis, ICLR 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from p2pkd.distillation.represent import Represented
from p2pkd.scenario.method import MethodSpec

if TYPE_CHECKING:
    from torch import Tensor


class Attention(Represented):
    """L = a CE + (1 - a) mean ||A_T/||A_T|| - A_S/||A_S||||^2, A a row's input-gradient map.

    Gradient-based attention: A is |d z / d x|, z being the largest logit, where Zagoruyko and
    Komodakis (section 3.2, recalled) take the gradient of the loss and do not normalise.  Such maps
    fit every architecture, where those of activations (`activation_attention`) tie agents to one
    shape of layer.  Learning them differentiates twice, which is charged as two steps; the last
    digits may depend on who shares the group.
    """

    passes: ClassVar[int] = 2
    needs: ClassVar[frozenset[str]] = frozenset({"logits", "input_gradients"})
    learns_from: ClassVar[frozenset[str]] = frozenset({"attention_maps"})
    objective: Literal["attention"] = "attention"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield a complaint about joint steps, whose rows are not all differentiated twice."""
        yield from super().misfits(method)
        if self.order == "joint":
            yield "learn.order: maps are learned in steps of their own; not 'joint'"

    def pull_to(self, targets: Tensor, share: Tensor, places: Tensor) -> Any:
        """Return what differentiates the maps of inputs."""
        from p2pkd.learning.models.attention import MapPull, input_maps

        return MapPull(self.map_loss, targets, share, input_maps)

    def map_loss(self, maps: Tensor, targets: Tensor) -> Tensor:
        """Return the squared distance of each row's map ``(G, B, F)`` from its target."""
        return (maps - targets).square().sum(-1)


class ActivationAttention(Attention):
    """L = a CE + (1 - a) mean ||A_T/||A_T|| - A_S/||A_S||||^2, A a row's map of activations.

    Activation-based attention: A is the mean over channels of the squared activations of the last
    convolution, place by place (Zagoruyko and Komodakis, ICLR 2017, F_sum^2 and equation 2, of one
    layer, the distance squared as in their code; Moslemi et al., 2024, equations 3.1.3.1 and
    3.1.3.2).  Their code takes the mean over places, so that its factor is H W times as large for
    the same pull.
    """

    passes: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"logits", "activations"})
    learns_from: ClassVar[frozenset[str]] = frozenset({"activation_maps"})
    objective: Literal["activation_attention"] = "activation_attention"  # type: ignore[assignment]

    def pull_to(self, targets: Tensor, share: Tensor, places: Tensor) -> Any:
        """Return what differentiates the maps of activations."""
        from p2pkd.learning.models.attention import MapPull, activation_maps

        return MapPull(self.map_loss, targets, share, activation_maps)
