"""A byte a number, and a scale a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, FixedCodec

if TYPE_CHECKING:
    from torch import Tensor

_TINY_SCALE = 2.0**-126  # the least normal number of float32


class Int8(FixedCodec):
    """One byte a number and a float32 scale a row: q = round(127 v / max |v|).

    The error is at most half a step: max |v| / 254 of the row.
    """

    kind: Literal["int8"] = "int8"

    def size_bytes(self, rows: int, width: int) -> int:
        """Return 1 byte a number and 4 a row."""
        return rows * (width + 4)

    def encode(self, values: Array) -> bytes:
        """Return all scales, then all steps."""
        scale = np.maximum(np.abs(values).max(1, keepdims=True), _TINY_SCALE) / np.float32(127)
        steps: bytes = np.rint(values / scale).astype(np.int8).tobytes()
        return bytes(scale.astype("<f4").tobytes()) + steps

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return steps times scale."""
        scale = np.frombuffer(data[: 4 * rows], "<f4").reshape(rows, 1)
        steps = np.frombuffer(data[4 * rows :], np.int8).reshape(rows, width)
        values: Array = steps.astype(np.float32) * scale
        return values

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return *values* rounded to the steps of their rows."""
        scale = values.abs().amax(-1, keepdim=True).clamp_min(_TINY_SCALE) / 127
        return (values / scale).round() * scale
