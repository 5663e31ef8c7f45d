"""Symmetric matrices with nothing on the diagonal: the half above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, FixedCodec

if TYPE_CHECKING:
    from torch import Tensor


class Triangle(FixedCodec):
    """R (R - 1) / 2 numbers of a symmetric matrix, whose diagonal is zero.

    In half precision the relative error is at most 2^-11 (2^-25, absolute, below 2^-14).
    """

    lossless: ClassVar[bool] = False
    kind: Literal["triangle"] = "triangle"
    half: bool = False
    """Half precision: two bytes a number, not four."""

    def size_bytes(self, rows: int, width: int) -> int:
        """Return 4 or 2 bytes a pair."""
        return rows * (rows - 1) // 2 * (2 if self.half else 4)

    def encode(self, values: Array) -> bytes:
        """Return what is above the diagonal, row by row, as little-endian IEEE 754 numbers."""
        above = values[np.triu_indices(len(values), 1)]
        data: bytes = above.astype("<f2" if self.half else "<f4").tobytes()
        return data

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the whole matrix."""
        matrix = np.zeros((rows, rows), np.float32)
        matrix[np.triu_indices(rows, 1)] = np.frombuffer(data, "<f2" if self.half else "<f4")
        return matrix + matrix.T

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return the symmetric matrices ``(..., R, R)`` that receivers make of the upper halves."""
        above = values.triu(1)
        if self.half:
            above = above.half().float()
        return above + above.mT
