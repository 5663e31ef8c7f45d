"""What a receiver keeps of what it hears, and for how long.

A memory holds whole messages; it looks at senders and times, never at contents, so that the
timeline does not depend on learning.  A message's age is that of its contents: the time since
its sender made the prediction, not since it arrived.
"""

from __future__ import annotations

import heapq
from typing import Literal, Protocol

from p2pkd.scenario.method import MemorySpec
from p2pkd.scenario.quantities import Count


class Memo(Protocol):
    """What a memory must know of a message."""

    sender: int
    made_s: float
    message: int


class Memory(Protocol):
    """The memory of one agent."""

    def store(self, memo: Memo) -> None:
        """Keep *memo*, perhaps at the cost of another."""

    def read(self, now_s: float) -> list[Memo]:
        """Return what is usable at *now_s*, ordered by sender, then time."""

    def clear(self) -> None:
        """Forget everything."""


class _Aging:
    """Drops what is older than *max_age*; a message exactly that old still counts."""

    def __init__(self, max_age: float | None) -> None:
        self.max_age = max_age

    def fresh(self, memos: list[Memo], now_s: float) -> list[Memo]:
        if self.max_age is None:
            return memos
        # Times are sums of floats; a billionth keeps "exactly that old" on the near side.
        oldest = now_s - self.max_age * (1 + 1e-9)
        return [memo for memo in memos if memo.made_s >= oldest]


def _order(memo: Memo) -> tuple[int, float, int]:
    return memo.sender, memo.made_s, memo.message


class LatestPerPeer(MemorySpec):
    """The newest message of each peer; late and duplicate ones change nothing."""

    keep: Literal["latest_per_peer"] = "latest_per_peer"

    def build(self) -> Memory:
        """Return an empty memory."""
        return _LatestPerPeer(self.max_age)

    def capacity(self, neighbours: int) -> int:
        """Return how many messages it holds at most, with so many possible senders."""
        return neighbours


class _LatestPerPeer(_Aging):
    def __init__(self, max_age: float | None) -> None:
        super().__init__(max_age)
        self.latest: dict[int, Memo] = {}

    def store(self, memo: Memo) -> None:
        known = self.latest.get(memo.sender)
        if known is None or memo.made_s > known.made_s:
            self.latest[memo.sender] = memo

    def read(self, now_s: float) -> list[Memo]:
        kept = self.fresh(list(self.latest.values()), now_s)
        if len(kept) < len(self.latest):
            self.latest = {memo.sender: memo for memo in kept}
        return sorted(kept, key=_order)

    def clear(self) -> None:
        self.latest.clear()


class Window(MemorySpec):
    """The `n` newest messages, whoever sent them."""

    keep: Literal["window"] = "window"
    n: Count = 4

    def build(self) -> Memory:
        """Return an empty memory."""
        return _Window(self.n, self.max_age)

    def capacity(self, neighbours: int) -> int:
        """Return `n`."""
        return self.n


class _Window(_Aging):
    def __init__(self, n: int, max_age: float | None) -> None:
        super().__init__(max_age)
        self.n = n
        self.newest: list[tuple[float, int, Memo]] = []

    def store(self, memo: Memo) -> None:
        entry = (memo.made_s, memo.message, memo)
        if len(self.newest) < self.n:
            heapq.heappush(self.newest, entry)
        else:
            heapq.heappushpop(self.newest, entry)

    def read(self, now_s: float) -> list[Memo]:
        kept = self.fresh([memo for _, _, memo in self.newest], now_s)
        return sorted(kept, key=_order)

    def clear(self) -> None:
        self.newest.clear()


class Once(MemorySpec):
    """Each message is used once, at the next learning step, and then forgotten."""

    keep: Literal["once"] = "once"

    def build(self) -> Memory:
        """Return an empty memory."""
        return _Once(self.max_age)

    def capacity(self, neighbours: int) -> int:
        """Return the number of neighbours: about one message each between two steps."""
        return neighbours


class _Once(_LatestPerPeer):
    def read(self, now_s: float) -> list[Memo]:
        memos = super().read(now_s)
        self.latest.clear()
        return memos
