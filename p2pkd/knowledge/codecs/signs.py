"""One bit a number: its sign, times the mean size."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.codecs.base import Array, FixedCodec

if TYPE_CHECKING:
    from torch import Tensor

SCALE_BYTES = 4


class Signs(FixedCodec):
    """Each number's sign times the mean size of its row: R (ceil(W / 8) + 4) bytes.

    The sign compressor of Koloskova, Lin, Stich and Jaggi (ICLR 2020), (‖x‖_1 / W) sign(x); zeros
    count as positive.  What is lost has the squared norm ‖x‖^2 - ‖x‖_1^2 / W.
    """

    for_differences: ClassVar[bool] = True
    kind: Literal["signs"] = "signs"

    def size_bytes(self, rows: int, width: int) -> int:
        """Return a bit a number, whole bytes a row, and a float32 a row."""
        return rows * (-(-width // 8) + SCALE_BYTES)

    def encode(self, values: Array) -> bytes:
        """Return the scales, then the signs row by row; a set bit is a negative number."""
        import torch

        # Summed as `roundtrip` does, so that both have the same last digit.
        scales = _scales(torch.tensor(values)).numpy()
        bits = np.packbits(values < 0, axis=1, bitorder="little")
        return scales.astype("<f4").tobytes() + bits.tobytes()

    def decode(self, data: bytes, rows: int, width: int) -> Array:
        """Return plus or minus each row's scale."""
        scales = np.frombuffer(data, "<f4", rows).reshape(rows, 1).astype(np.float32)
        packed = np.frombuffer(data, np.uint8, offset=rows * SCALE_BYTES).reshape(rows, -1)
        negative = np.unpackbits(packed, axis=1, count=width, bitorder="little").astype(bool)
        table: Array = np.where(negative, -scales, scales)
        return table

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return plus or minus each row's scale."""
        scales = _scales(values).expand_as(values)
        return scales.where(values >= 0, -scales)


def _scales(values: Tensor) -> Tensor:
    """Return the mean size of each row, ``(..., R, 1)``.

    Summed in double precision: of a float32 sum the order, and so the last digit, may depend on
    how many rows there are.
    """
    return values.abs().double().mean(-1, keepdim=True).float()
