"""The newest messages, whoever sent them."""

from __future__ import annotations

import heapq
from typing import Literal

from p2pkd.knowledge.memory.base import Aging, Memo, Memory, order
from p2pkd.scenario.method import MemorySpec
from p2pkd.scenario.quantities import Count


class Window(MemorySpec):
    """The `n` newest messages, whoever sent them."""

    keep: Literal["window"] = "window"
    n: Count = 4

    def build(self, key: int = 0) -> Memory:
        """Return an empty memory."""
        return _Window(self.n, self.max_age)

    def capacity(self, neighbours: int) -> int:
        """Return `n`."""
        return self.n


class _Window(Aging):
    def __init__(self, n: int, max_age: float | None) -> None:
        super().__init__(max_age)
        self.n = n
        self.newest: list[tuple[float, int, Memo]] = []

    def store(self, memo: Memo) -> None:
        """Keep *memo* if it is among the `n` newest; a duplicate changes nothing."""
        if any(memo.message == known for _, known, _ in self.newest):
            return
        entry = (memo.made_s, memo.message, memo)
        if len(self.newest) < self.n:
            heapq.heappush(self.newest, entry)
        else:
            heapq.heappushpop(self.newest, entry)

    def read(self, now_s: float) -> list[Memo]:
        """Return what still counts at *now_s*, ordered; nothing is forgotten."""
        kept = self.fresh([memo for _, _, memo in self.newest], now_s)
        return sorted(kept, key=order)

    def clear(self) -> None:
        """Forget everything."""
        self.newest.clear()
