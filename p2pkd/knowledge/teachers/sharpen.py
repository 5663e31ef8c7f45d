"""Making the teachers' joint target sharper than they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from p2pkd.scenario.method import SharpenSpec
from p2pkd.scenario.quantities import Temperature

if TYPE_CHECKING:
    from torch import Tensor


class Sharpening(SharpenSpec):
    """Base of the rules that change the joint target."""

    def sharpen(self, p: Tensor) -> Tensor:
        """Return probabilities ``(..., C)`` made of probabilities *p* ``(..., C)``."""
        raise TypeError(f"{type(self).__name__} does not sharpen")


class EntropyReduction(Sharpening):
    """softmax(p / `temperature`): entropy-reduction averaging, ERA.

    Itahara et al., "Distillation-based semi-supervised federated learning" (DS-FL, 2020).  The name
    promises too much: a fixed temperature can *raise* entropy where there are many classes, since
    it looks at probabilities and not at their logarithms.
    """

    kind: Literal["era"] = "era"
    temperature: Temperature = 0.1

    def sharpen(self, p: Tensor) -> Tensor:
        """Return softmax(p / T)."""
        return (p / self.temperature).softmax(-1)


class Power(Sharpening):
    """p^`beta` / sum p^`beta`: never flatter than p, for beta >= 1 (SCARLET's enhanced ERA)."""

    kind: Literal["power"] = "power"
    beta: Annotated[float, Field(ge=1, le=1e3)] = 2.0

    def sharpen(self, p: Tensor) -> Tensor:
        """Return the normalised power; rows without a teacher stay zero."""
        scaled = (p / p.amax(-1, keepdim=True).clamp_min(1e-30)).pow(self.beta)
        return scaled / scaled.sum(-1, keepdim=True).clamp_min(1e-30)
