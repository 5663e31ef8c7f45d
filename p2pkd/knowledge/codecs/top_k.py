"""The largest probabilities and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, FixedCodec, label_type
from p2pkd.scenario.quantities import Count

if TYPE_CHECKING:
    from torch import Tensor


class TopK(FixedCodec):
    """The `k` largest probabilities of a row and their classes; the rest is spread uniformly.

    A probability takes 2 bytes (float16), or 4 with ``number: float32``, and a class number 1 (2
    beyond 256 classes): R k (2 + 1) bytes.  What is kept is exact but for the rounding of its
    number; any other probability is off by at most the smallest one kept, and so by at most 1 / k,
    plus what k roundings moved.
    """

    kind: Literal["top_k"] = "top_k"
    k: Count = 3
    number: Literal["float16", "float32"] = "float16"

    @property
    def _number(self) -> str:
        return "<f2" if self.number == "float16" else "<f4"

    def size_bytes(self, rows: int, width: int) -> int:
        """Return R k times the bytes of a number and of a class; k is at most C."""
        one = np.dtype(self._number).itemsize + np.dtype(label_type(width)).itemsize
        return rows * min(self.k, width) * one

    def encode(self, values: Array) -> bytes:
        """Return all class numbers, row by row, then all probabilities."""
        classes = (-values).argsort(1, kind="stable")[:, : self.k]
        kept = np.take_along_axis(values, classes, 1).astype(self._number)
        return classes.astype(label_type(values.shape[1])).tobytes() + kept.tobytes()

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the probabilities kept, and an equal share of the rest for all other classes."""
        k, ids = min(self.k, width), label_type(width)
        cut = rows * k * np.dtype(ids).itemsize
        classes = np.frombuffer(data[:cut], ids).reshape(rows, k).astype(np.int64)
        kept = np.frombuffer(data[cut:], self._number).reshape(rows, k).astype(np.float32)
        rest = np.ones((rows, 1), np.float32)
        for column in range(k):  # one after the other: the tensors' sum below has the same order
            rest -= kept[:, column : column + 1]
        share = np.maximum(rest, 0).astype(np.float32) / np.float32(max(1, width - k))
        table: Array = np.repeat(share, width, 1).astype(np.float32)
        np.put_along_axis(table, classes, kept, 1)
        return table

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return the probabilities kept, and an equal share of the rest for all other classes."""
        width = values.shape[-1]
        k = min(self.k, width)
        classes = (-values).argsort(dim=-1, stable=True)[..., :k]
        kept = values.gather(-1, classes)
        if self.number == "float16":
            kept = kept.half().float()
        rest = values.new_ones((*values.shape[:-1], 1))
        for column in range(k):
            rest = rest - kept[..., column : column + 1]
        table = (rest.clamp_min(0) / max(1, width - k)).expand_as(values)
        return table.scatter(-1, classes, kept)
