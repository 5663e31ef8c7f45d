"""What models see in reference rows, below their last layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.knowledge.payloads.base import RowKnowledge
from p2pkd.learning.models.sketch import fold
from p2pkd.scenario.quantities import Count

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Features(RowKnowledge):
    """Penultimate features on reference rows, folded to one width: R d b bytes, d being `size`.

    A model of another width sends a fixed projection (`p2pkd.learning.models.sketch.fold`),
    so that agents of different architectures understand each other.
    """

    knowledge_type: ClassVar[str] = "features"
    kind: Literal["features"] = "features"
    size: Count = 32
    """Numbers a row."""

    def width(self, n_classes: int) -> int:
        """Return `size`."""
        return self.size

    def head(self, outputs: Outputs) -> Tensor:
        """Return the folded features, ``(G, R, W)``."""
        return fold(outputs.features, self.size)

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return the features: they are no predictions, and objectives take them as they are."""
        return values
