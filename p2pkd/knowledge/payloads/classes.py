"""What an agent says of classes: means over its private rows; no reference set is needed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from p2pkd.knowledge.payloads.base import RowKnowledge
from p2pkd.learning.models.sketch import fold
from p2pkd.scenario.quantities import Count

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.knowledge.exchange.base import Exchange, Setting
    from p2pkd.learning.api import Outputs
    from p2pkd.learning.models.architecture import Architecture
    from p2pkd.learning.state.tables import Tables
    from p2pkd.learning.training.teaching import Teaching


class ClassKnowledge(RowKnowledge):
    """Base: a row of the message is a class that the sender has rows of.

    Where it lacks a class, the numbers of those that it has travel too, four bytes each.  Making a
    message takes a forward pass over all private rows.
    """

    about_reference: ClassVar[bool] = False
    codec_kinds: ClassVar[tuple[str, ...]] = ("float32", "float16", "int8")

    def exchange(self, setting: Setting) -> Exchange:
        """Return what composes its messages."""
        from p2pkd.knowledge.exchange.classes import ClassExchange

        return ClassExchange(setting)

    def message_floats(self, rows: int, n_classes: int, sent: int) -> int:
        """Return the numbers of a message: of all classes."""
        return n_classes * self.width(n_classes)

    def shape(self, tables: Tables, agent: int) -> Hashable:
        """Return the number of private rows, roughly: all of them go forward."""
        return tables.all_rows_of(agent)

    def predict(
        self, tables: Tables, agents: Any, rows: Tensor, architecture: Architecture, flat: Tensor
    ) -> Tensor:
        """Return the means of the classes *rows* ``(G, R)`` over private rows, ``(G, R, W)``."""
        from p2pkd.learning.training.classes import class_means

        return class_means(tables, agents, rows, lambda x: self.of_inputs(architecture, flat, x))

    def teaching(self) -> Teaching:
        """Return that of classes."""
        from p2pkd.learning.training.teaching import ClassTeaching

        return ClassTeaching()

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
    """Numbers a class (see `p2pkd.learning.models.sketch.fold`)."""

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
