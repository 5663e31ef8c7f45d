"""IEEE 754 numbers: single and half precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, FixedCodec

if TYPE_CHECKING:
    from torch import Tensor


class Float32(FixedCodec):
    """Four bytes a number, exact."""

    lossless: ClassVar[bool] = True
    kind: Literal["float32"] = "float32"

    def size_bytes(self, rows: int, width: int) -> int:
        """Return 4 bytes a number."""
        return 4 * rows * width

    def encode(self, values: Array) -> bytes:
        """Return the numbers as little-endian IEEE 754 singles."""
        return values.astype("<f4").tobytes()

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the numbers unchanged."""
        return np.frombuffer(data, "<f4").reshape(rows, width).astype(np.float32)


class Float16(FixedCodec):
    """Two bytes a number; relative error at most 2^-11 for normal numbers, 2^-25 below."""

    kind: Literal["float16"] = "float16"

    def size_bytes(self, rows: int, width: int) -> int:
        """Return 2 bytes a number."""
        return 2 * rows * width

    def encode(self, values: Array) -> bytes:
        """Return the numbers as little-endian IEEE 754 half-precision floats."""
        data: bytes = np.clip(values, -65504, 65504).astype("<f2").tobytes()
        return data

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the rounded numbers."""
        values: Array = np.frombuffer(data, "<f2").reshape(rows, width).astype(np.float32)
        return values

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return *values* rounded to half precision."""
        return values.clamp(-65504, 65504).half().float()
