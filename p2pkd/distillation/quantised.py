"""Low-bit students: distillation while the weights are drawn towards a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from p2pkd.distillation.response import Response
from p2pkd.scenario.quantities import Weight

if TYPE_CHECKING:
    from torch import Tensor


class Quantised(Response):
    """L = a CE + (1 - a) T^2 KL(p_t, p_s) + gamma ||W_f - W_q||^2, the model being W_q.

    Moslemi et al. (2024), equations 3.3.1.1 and 3.3.1.2; with gamma 0 it is the quantised
    distillation of Polino, Pascanu and Alistarh (ICLR 2018).  W_q are the weights W_f at `bits`
    bits: each block of 64 numbers is rounded to multiples of its largest over 2^(bits - 1) - 1 (as
    Dettmers et al., 2022, do).  Gradients are taken at W_q and applied to W_f, straight through
    (Bengio, Leonard and Courville, 2013).  Predictions that are sent, and accuracies, are those of
    W_q; that low-bit arithmetic is faster on some devices is not modelled.
    """

    block: ClassVar[int] = 64
    objective: Literal["quantised"] = "quantised"  # type: ignore[assignment]
    bits: Annotated[int, Field(ge=2, le=8, strict=True)] = 4
    gamma: Weight = 0.001
    """The factor of the squared distance to the grid, where cross-entropy has factor 1."""

    def deployed(self, flat: Tensor) -> Tensor:
        """Return the weights ``(G, P)`` that models use, given those that are trained."""
        g, p = flat.shape
        blocks = flat.new_zeros((g, p + -p % self.block))
        blocks[:, :p] = flat
        blocks = blocks.view(g, -1, self.block)
        unit = blocks.abs().amax(-1, keepdim=True) / (2 ** (self.bits - 1) - 1)
        grid: Tensor = (blocks / unit.clamp_min(1e-30)).round() * unit
        return grid.view(g, -1)[:, :p].contiguous()

    def penalty_gradient(self, flat: Tensor, used: Tensor) -> Tensor:
        """Return 2 gamma (W_f - W_q), ``(G, P)``, the grid being held fixed."""
        return (flat - used) * (2 * self.gamma)
