"""What a codec is.

A codec knows the size before the contents exist, encodes one message to bytes and back, and does
the same to many messages at once without making the bytes (`roundtrip`); a test holds the two to
the same numbers, and the size to the length of the bytes.  The wrappers of
`p2pkd.knowledge.codecs.entropy` are the exception: their size depends on the contents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from p2pkd.core.lazy import numpy as np
from p2pkd.scenario.method import CodecSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Array = NDArray[np.float32]
    Bytes = NDArray[np.uint8]
else:
    Array = Bytes = Any


class FixedCodec(CodecSpec):
    """A codec whose output is as long for any contents of one shape."""

    lossless: ClassVar[bool] = False
    looks: ClassVar[bool] = False
    """Whether the size depends on the contents, so that the timeline depends on learning."""

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

    def codes(self, values: Array) -> Bytes:
        """Return *values* as a string of small integers, before they are packed.

        What does not change between two messages stays the same byte at the same place, so that a
        difference of codes compresses well.
        """
        return np.frombuffer(self.encode(values), np.uint8)

    def from_codes(self, codes: Bytes, rows: int, width: int) -> Array:
        """Return the ``(rows, width)`` numbers that *codes* stand for."""
        return self.decode(codes.tobytes(), rows, width)


ROW_ID_BYTES = 4


def encode_rows(codec: FixedCodec, values: Array, row_ids: NDArray[np.int32] | None) -> bytes:
    """Return a whole payload: row ids (four bytes each, where they must be told), then values."""
    ids = b"" if row_ids is None else row_ids.astype("<i4").tobytes()
    return ids + codec.encode(values)


def label_type(n_classes: int) -> str:
    """Return NumPy's name of the integers that class numbers travel as: one or two bytes."""
    return "u1" if n_classes <= 256 else "<u2"
