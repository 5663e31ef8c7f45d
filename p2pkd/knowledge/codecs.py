"""How knowledge becomes bytes, exactly.

A codec knows the size before the contents exist, encodes one message to bytes and back, and does
the same to many messages at once without making the bytes (`roundtrip`); a test holds the two to
the same numbers, and the size to the length of the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from p2pkd.scenario.method import CodecSpec

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float32]
_TINY_SCALE = float(np.finfo(np.float32).tiny)


class FixedCodec(CodecSpec):
    """A codec whose output is as long for any contents of one shape."""

    lossless: ClassVar[bool] = False

    def size_bytes(self, rows: int, width: int) -> int:
        """Return the bytes that ``(rows, width)`` numbers take."""
        raise TypeError(f"{type(self).__name__} defines no size")

    def encode(self, values: Array) -> bytes:
        """Return *values*, ``(rows, width)``, as bytes."""
        raise TypeError(f"{type(self).__name__} defines no encoding")

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the ``(rows, width)`` numbers that *data* stands for."""
        raise TypeError(f"{type(self).__name__} defines no decoding")

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return what receivers decode of *values*, ``(..., rows, width)``."""
        return values


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


ROW_ID_BYTES = 4


def encode_rows(codec: FixedCodec, values: Array, row_ids: NDArray[np.int32] | None) -> bytes:
    """Return a whole payload: row ids (four bytes each, where they must be told), then values."""
    ids = b"" if row_ids is None else row_ids.astype("<i4").tobytes()
    return ids + codec.encode(values)


def default_codec(kinds: Sequence[str], n_classes: int) -> CodecSpec:
    """Return the first of *kinds*, which loses nothing; labels take as many bytes as they need."""
    if kinds[0] == "labels":
        return LabelCodec(wide=n_classes > 256)
    member: type[CodecSpec] = CodecSpec.members[kinds[0]]
    return member()
