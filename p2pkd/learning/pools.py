"""Tables of rows that are handed out and taken back."""

from __future__ import annotations

import torch
from torch import Tensor


class Pool:
    """Rows of *width* float32 numbers; the table doubles when it is full.

    Attributes
    ----------
    data : ``(capacity, width)``
    free : the rows that nobody has; holders append what they let go.
    """

    def __init__(self, width: int, device: torch.device, capacity: int = 64) -> None:
        self.width = width
        self.data = torch.zeros((capacity, width), device=device)
        self.free = list(range(capacity - 1, -1, -1))
        self.largest = 0

    def take(self, n: int) -> list[int]:
        """Return *n* free rows; their contents are whatever was there."""
        while len(self.free) < n:
            self._grow(n)
        taken = self.free[-n:] if n else []
        del self.free[len(self.free) - n :]
        self.largest = max(self.largest, len(self.data) - len(self.free))
        return taken

    def _grow(self, n: int) -> None:
        old = len(self.data)
        new = max(2 * old, old + n - len(self.free))
        data = self.data.new_zeros((new, self.width))
        data[:old] = self.data
        self.data = data
        self.free[:0] = range(new - 1, old - 1, -1)

    def gather(self, rows: Tensor) -> Tensor:
        """Return a copy of *rows*, ``(len(rows), width)``."""
        return self.data.index_select(0, rows)

    def scatter(self, rows: Tensor, values: Tensor) -> None:
        """Write *values* into *rows*."""
        self.data.index_copy_(0, rows, values)
