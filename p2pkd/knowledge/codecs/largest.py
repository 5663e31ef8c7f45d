"""The largest numbers and where they stand; all others are 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, FixedCodec
from p2pkd.scenario.quantities import Fraction

if TYPE_CHECKING:
    from torch import Tensor

PLACE_BYTES = NUMBER_BYTES = 4


class Largest(FixedCodec):
    """The `share` of a row's numbers that are largest in size, with their places; the others are 0.

    The top-k compressor of Koloskova, Stich and Jaggi (ICML 2019), k = ceil(`share` P): what is
    left out has at most the (1 - k / P)-th part of the squared norm.  A number takes 8 bytes: its
    place and its float32.  Of numbers of one size, the earlier are kept.
    """

    for_differences: ClassVar[bool] = True
    kind: Literal["largest"] = "largest"
    share: Fraction = 0.01

    def kept(self, width: int) -> int:
        """Return k, of *width* numbers."""
        return math.ceil(round(self.share * width, 9))

    def size_bytes(self, rows: int, width: int) -> int:
        """Return 8 bytes for each number kept."""
        return rows * self.kept(width) * (PLACE_BYTES + NUMBER_BYTES)

    def encode(self, values: Array) -> bytes:
        """Return the places, ascending, row by row, then the numbers."""
        order = (-np.abs(values)).argsort(1, kind="stable")[:, : self.kept(values.shape[1])]
        places = np.sort(order, axis=1)
        numbers = np.take_along_axis(values, places, 1)
        return places.astype("<u4").tobytes() + numbers.astype("<f4").tobytes()

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the numbers at their places, and zeros."""
        k = self.kept(width)
        places = np.frombuffer(data, "<u4", rows * k).reshape(rows, k).astype(np.int64)
        numbers = np.frombuffer(data, "<f4", offset=rows * k * PLACE_BYTES).reshape(rows, k)
        table: Array = np.zeros((rows, width), np.float32)
        np.put_along_axis(table, places, numbers, 1)
        return table

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return *values* with all but the largest set to 0."""
        order = values.abs().neg().argsort(dim=-1, stable=True)
        places = order[..., : self.kept(values.shape[-1])]
        return values.new_zeros(values.shape).scatter(-1, places, values.gather(-1, places))
