"""What an agent says of classes: means over its private rows; no reference set is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.knowledge.payloads.base import RowKnowledge
from p2pkd.learning.sketch import fold
from p2pkd.scenario.quantities import Count

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class ClassKnowledge(RowKnowledge):
    """Base: a row of the message is a class that the sender has rows of.

    Where it lacks a class, the numbers of those that it has travel too, four bytes each.  Making a
    message takes a forward pass over all private rows.
    """

    about_classes: ClassVar[bool] = True
    codec_kinds: ClassVar[tuple[str, ...]] = ("float32", "float16", "int8")

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return the means: objectives take them as they are."""
        return values


class Prototypes(ClassKnowledge):
    """The mean of the penultimate features of each class, folded to one width.

    Classes (d b + 4) bytes (Tan et al., FedProto, 2022).
    """

    knowledge_type: ClassVar[str] = "prototypes"
    kind: Literal["prototypes"] = "prototypes"
    size: Count = 32
    """Numbers a class (see `p2pkd.learning.sketch.fold`)."""

    def width(self, n_classes: int) -> int:
        """Return `size`."""
        return self.size

    def head(self, outputs: Outputs) -> Tensor:
        """Return the folded features, ``(G, n, W)``."""
        return fold(outputs.features, self.size)


class LabelAverages(ClassKnowledge):
    """The mean predicted probabilities of each class: C^2 b bytes (Jeong et al., 2018)."""

    knowledge_type: ClassVar[str] = "label_averages"
    kind: Literal["label_averages"] = "label_averages"

    def head(self, outputs: Outputs) -> Tensor:
        """Return the probabilities, ``(G, n, C)``."""
        return outputs.logits.softmax(-1)
