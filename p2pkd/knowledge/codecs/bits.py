"""A few bits a probability: the nearest point of a grid on the probability simplex.

After Sattler, Marban, Rischke and Samek, "CFD: communication-efficient federated distillation via
soft-label quantization and delta coding" (2020), whose b-bit quantiser is constrained in this way.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, Bytes, FixedCodec, label_type

if TYPE_CHECKING:
    from torch import Tensor


class Bits(FixedCodec):
    """`b` bits a probability: the nearest point of the simplex grid with 2^b - 1 steps.

    Every row still sums to 1; each probability is off by less than 1 / (2^b - 1).  Rows at equal
    distances go to the lower class number.  One bit is the argmax and takes ceil(R log2 C / 8)
    bytes for R rows of C classes: the labels as the digits of one number to the base C.  More take
    ceil(R C b / 8).

    One bit says nothing of how sure a model is.  Let teachers train first (`teachers.warm_up`), and
    distil at `learn.temperature` 1, where the loss is cross-entropy with the label: a label cannot
    be softened, and the factor T^2 then makes up for nothing.  Another temperature is refused.
    """

    kind: Literal["bits"] = "bits"
    b: Annotated[int, Field(ge=1, le=8, strict=True)] = 1

    @property
    def labels_alone(self) -> bool:  # type: ignore[override]
        """Whether nothing is left of how sure the sender is."""
        return self.b == 1

    @property
    def steps(self) -> int:
        """Steps of the grid between 0 and 1."""
        return int(2**self.b) - 1

    def size_bytes(self, rows: int, width: int) -> int:
        """Return ceil(R log2 C / 8) bytes for one bit, else ceil(R C b / 8)."""
        bits = (width**rows - 1).bit_length() if self.b == 1 else rows * width * self.b
        return -(-bits // 8)

    def encode(self, values: Array) -> bytes:
        """Return one big number to the base C, or all steps, b bits each; least first."""
        size = self.size_bytes(*values.shape)
        if self.b == 1:
            base = values.shape[1]
            number = reduce(lambda n, label: n * base + label, self._labels(values)[::-1], 0)
            return number.to_bytes(size, "little")
        bits = np.unpackbits(self.codes(values)[:, None], axis=1, bitorder="little", count=self.b)
        return np.packbits(bits.ravel(), bitorder="little").tobytes()

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return the points of the grid."""
        if self.b == 1:
            number, labels = int.from_bytes(data, "little"), []
            for _ in range(rows):
                number, label = divmod(number, width)
                labels.append(label)
            return np.eye(width, dtype=np.float32)[labels]
        bits = np.unpackbits(
            np.frombuffer(data, np.uint8), bitorder="little", count=rows * width * self.b
        )
        codes = np.packbits(bits.reshape(-1, self.b), axis=1, bitorder="little")
        return self.from_codes(codes.ravel(), rows, width)

    def codes(self, values: Array) -> Bytes:
        """Return the class of each row for one bit (two bytes beyond 256), else all steps."""
        if self.b == 1:
            return np.frombuffer(
                np.array(self._labels(values), label_type(values.shape[1])).tobytes(), np.uint8
            )
        steps: Bytes = np.rint(self._nearest(values) * np.float32(self.steps)).astype(np.uint8)
        return steps.ravel()

    def from_codes(self, codes: Bytes, rows: int, width: int) -> Array:
        """Return the points of the grid."""
        if self.b == 1:
            labels = np.frombuffer(codes.tobytes(), label_type(width))
            one_hot: Array = np.eye(width, dtype=np.float32)[labels]
            return one_hot
        points: Array = codes.reshape(rows, width).astype(np.float32) / np.float32(self.steps)
        return points

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return the nearest points of the grid.

        Round down, then give the steps that are missing to the largest remainders.
        """
        scaled = values * self.steps
        floor = scaled.floor()
        missing = (self.steps - floor.sum(-1, keepdim=True)).clamp_min(0)
        order = (floor - scaled).argsort(dim=-1, stable=True)
        place = order.argsort(dim=-1)
        return (floor + (place < missing)) / self.steps

    def _nearest(self, values: Array) -> Array:
        scaled = values * np.float32(self.steps)
        floor = np.floor(scaled)
        missing = np.maximum(self.steps - floor.sum(1, keepdims=True), 0)
        place = (floor - scaled).argsort(1, kind="stable").argsort(1)
        nearest: Array = (floor + (place < missing)) / np.float32(self.steps)
        return nearest

    def _labels(self, values: Array) -> list[int]:
        labels: list[int] = self._nearest(values).argmax(1).tolist()
        return labels
