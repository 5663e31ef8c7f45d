"""Relation-based distillation: keep what is near near (Park et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from p2pkd.distillation.represent import Represented
from p2pkd.learning.models.relation import Measure, dissimilarities
from p2pkd.scenario.method import MethodSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Pairwise(Represented):
    """Base of the objectives whose targets are about pairs of rows: ``(G, B, B)``."""

    needs: ClassVar[frozenset[str]] = frozenset({"logits", "features"})
    learns_from: ClassVar[frozenset[str]] = frozenset({"relations"})
    codec: ClassVar[str] = "triangle"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about batches of any size, and about another encoding."""
        yield from super().misfits(method)
        if self.batch == "full":
            yield "learn.batch: pairs are compared within a batch; give a number, not 'full'"
        codec = method.send.codec
        given = "triangle" if codec is None else codec.tag_value
        if given != self.codec:
            yield f"send.codec: {self.tag_value!r} needs {self.codec!r}, given {given!r}"

    def pull_to(self, targets: Tensor, share: Tensor, places: Tensor) -> Any:
        """Return the pull to what is told of pairs of the batch's rows."""
        pairs = targets.gather(2, places[:, None].expand(-1, targets.shape[1], -1))
        return super().pull_to(pairs, share, places)


class Relation(Pairwise):
    """L = a CE + (1 - a) / N^2 sum_ij (R_T(i, j) - R_S(i, j))^2 over pairs of rows of a batch.

    Moslemi et al. (2024), equations 1.3.1 to 1.3.4.  R is 1 - cosine, or the squared distance over
    its mean, as the knowledge `relations` says.  Park et al. take the root of the distance, Huber's
    loss in place of the square, and pairs of different rows alone (recalled).
    """

    objective: Literal["relation"] = "relation"
    measure: Measure = "cosine"

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield a complaint where teachers and student would measure differently."""
        yield from super().misfits(method)
        theirs = getattr(method.send.knowledge, "measure", self.measure)
        if theirs != self.measure:
            yield f"learn.measure: {self.measure!r}, but send.knowledge.measure is {theirs!r}"

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return the mean squared error of each row of the matrix, ``(G, B)``."""
        own = dissimilarities(outputs.features, self.measure)
        return (own - targets).square().mean(-1)
