"""How far reference rows are from each other, as a model sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PrivateAttr

from p2pkd.knowledge.payloads.base import RowKnowledge
from p2pkd.learning.models.relation import Measure, dissimilarities
from p2pkd.scenario.method import MethodSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Relations(RowKnowledge):
    """The matrix of dissimilarities between reference rows: R (R - 1) / 2 b bytes.

    It is blind to architecture, since no feature travels.  A column is a reference row, so that all
    messages must be about the same rows.
    """

    codec_kinds: ClassVar[tuple[str, ...]] = ("triangle", "edges")
    knowledge_type: ClassVar[str] = "relations"
    same_rows: ClassVar[bool] = True
    kind: Literal["relations"] = "relations"
    measure: Measure = "cosine"
    _rows: int = PrivateAttr(0)

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about codecs, and about messages of different rows."""
        yield from super().misfits(method)
        if method.send.subset != "fixed" and method.send.rows != "all":
            yield (
                "send.subset: relations need the same rows in all messages; use 'fixed', or"
                f" rows: all; given {method.send.subset!r}"
            )

    def over(self, rows: int, inputs: int) -> Any:
        """Return this knowledge for messages of *rows* rows."""
        bound = self.model_copy()
        bound._rows = rows
        return bound

    def width(self, n_classes: int) -> int:
        """Return R, once it is known (see `over`)."""
        return self._rows

    def head(self, outputs: Outputs) -> Tensor:
        """Return the matrix, ``(G, R, R)``."""
        return dissimilarities(outputs.features, self.measure)

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return the matrix: it holds no predictions, and objectives take it as it is."""
        return values
