"""Feature-based distillation: see in a row what the teachers see (FitNets, Romero et al., 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.distillation.represent import Represented
from p2pkd.learning.models.sketch import fold

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Feature(Represented):
    """L = a CE + (1 - a) mean ||F_T - F_S||^2 / d over penultimate features of d numbers.

    Moslemi et al. (2024), equations 1.2.1 and 1.2.2, with the error averaged over a row's numbers
    so that `weight` means the same at every width.  Where widths differ, both sides are projected
    by a fixed map (`p2pkd.learning.models.sketch.fold`): it costs no parameters, no bytes and no
    agreement, where a learned projector would be one more model for every pair of architectures.
    Romero et al. learn such a projector, on a layer in the middle, in a stage before distillation.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logits", "features"})
    learns_from: ClassVar[frozenset[str]] = frozenset({"features"})
    objective: Literal["feature"] = "feature"

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return the mean squared error of each row's features, ``(G, B)``."""
        return (fold(outputs.features, targets.shape[-1]) - targets).square().mean(-1)
