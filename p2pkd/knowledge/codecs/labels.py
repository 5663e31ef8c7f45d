"""Class numbers, exact."""

from __future__ import annotations

from typing import ClassVar, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, FixedCodec


class LabelCodec(FixedCodec):
    """Class numbers, one byte a row (two where there are more than 256 classes)."""

    lossless: ClassVar[bool] = True
    kind: Literal["labels"] = "labels"
    wide: bool = False
    """Two bytes a row."""

    def size_bytes(self, rows: int, width: int) -> int:
        """Return 1 or 2 bytes a label."""
        return rows * width * (2 if self.wide else 1)

    def encode(self, values: Array) -> bytes:
        """Return the labels as unsigned integers, little-endian."""
        return values.astype("<u2" if self.wide else "u1").tobytes()

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the labels as floats."""
        kind = "<u2" if self.wide else "u1"
        return np.frombuffer(data, kind).reshape(rows, width).astype(np.float32)
