"""How far rows are from each other, as a model sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from p2pkd.learning.models.sketch import fold

if TYPE_CHECKING:
    from torch import Tensor

Measure = Literal["cosine", "distance"]


def dissimilarities(features: Tensor, measure: Measure) -> Tensor:
    """Return the symmetric matrices ``(..., B, B)``, zero on the diagonal, of rows ``(..., B, d)``.

    `cosine` is 1 - cos; `distance` the squared Euclidean distance over its mean, so that it does
    not depend on the scale of a model's features.
    """
    if measure == "cosine":
        return 1 - products(features / features.norm(dim=-1, keepdim=True).clamp_min(1e-6))
    inner = products(features)
    squares = inner.diagonal(dim1=-2, dim2=-1)
    squared = (squares.unsqueeze(-1) + squares.unsqueeze(-2) - 2 * inner).clamp_min(0)
    return squared / squared.mean((-2, -1), keepdim=True).clamp_min(1e-12)


def products(rows: Tensor) -> Tensor:
    """Return the inner products ``(..., B, B)`` of *rows* ``(..., B, d)``.

    Padded to multiples of four, so that the last digits do not depend on where the rows lie in
    memory (see `p2pkd.learning.models.mlp`).
    """
    n, d = rows.shape[-2:]
    padded = fold(fold(rows, d + -d % 4).mT, n + -n % 4).contiguous()
    return (padded.mT.contiguous() @ padded)[..., :n, :n]
