"""Graph-based distillation: the same rows are neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.distillation.relation import Pairwise
from p2pkd.learning.models.relation import dissimilarities
from p2pkd.scenario.method import MethodSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Graph(Pairwise):
    """L = a CE + (1 - a) / N^2 sum_ij (A_T(i, j) - A_S(i, j))^2 over pairs of rows of a batch.

    Moslemi et al. (2024), equations 3.1.2.1 and 3.1.2.2.  A_T is the adjacency of the teacher's k
    nearest neighbours among all rows of the message, several teachers' averaged; A_S is the
    student's cosine similarity, so that it can be learned: 1 for neighbours, 0 for strangers.
    """

    codec: ClassVar[str] = "edges"
    objective: Literal["graph"] = "graph"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield a complaint where neighbours are found by another measure."""
        yield from super().misfits(method)
        if getattr(method.send.knowledge, "measure", "cosine") != "cosine":
            yield "send.knowledge.measure: 'graph' compares cosines; use 'cosine'"

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return the mean squared error of each row of the matrix, ``(G, B)``."""
        similarity = 1 - dissimilarities(outputs.features, "cosine")
        return (similarity - targets).square().mean(-1)
