"""A matrix of dissimilarities as a graph: who is nearest to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, FixedCodec
from p2pkd.scenario.quantities import Count

if TYPE_CHECKING:
    from torch import Tensor


class Edges(FixedCodec):
    """The `k` nearest neighbours of each row: 8 bytes an edge, two 32-bit row numbers.

    Receivers decode the adjacency matrix: 1 where column j is among the k columns of row i with the
    least values, i itself left out, else 0.  Of equal values the first columns count as nearer.
    """

    kind: Literal["edges"] = "edges"
    k: Count = 8

    def size_bytes(self, rows: int, width: int) -> int:
        """Return 8 bytes an edge, `k` edges a row."""
        return 8 * rows * min(self.k, rows - 1)

    def encode(self, values: Array) -> bytes:
        """Return the edges (row, column) as little-endian 32-bit integers."""
        others = values + np.where(np.eye(len(values), dtype=bool), np.inf, 0)
        nearest = others.argsort(1, kind="stable")[:, : min(self.k, len(values) - 1)]
        rows = np.repeat(np.arange(len(values)), nearest.shape[1])
        return np.stack([rows, nearest.ravel()], 1).astype("<i4").tobytes()

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the adjacency matrix."""
        edges = np.frombuffer(data, "<i4").reshape(-1, 2)
        matrix = np.zeros((rows, width), np.float32)
        matrix[edges[:, 0], edges[:, 1]] = 1
        return matrix

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return the adjacency matrices ``(..., R, R)``."""
        n = values.shape[-1]
        others = values + values.new_full((n,), float("inf")).diag()
        nearest = others.argsort(dim=-1, stable=True)[..., : min(self.k, n - 1)]
        return values.new_zeros(values.shape).scatter(-1, nearest, 1.0)
