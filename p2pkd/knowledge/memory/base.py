"""What a memory is.

A memory holds whole messages; it looks at senders and times, never at contents, so that the
timeline does not depend on learning.  A message's age is that of its contents: the time since
its sender made the prediction, not since it arrived.
"""

from __future__ import annotations

from typing import Protocol


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


class Aging:
    """Drops what is older than *max_age*; a message exactly that old still counts."""

    def __init__(self, max_age: float | None) -> None:
        self.max_age = max_age

    def fresh(self, memos: list[Memo], now_s: float) -> list[Memo]:
        """Return those of *memos* that still count at *now_s*."""
        if self.max_age is None:
            return memos
        # Times are sums of floats; a billionth keeps "exactly that old" on the near side.
        oldest = now_s - self.max_age * (1 + 1e-9)
        return [memo for memo in memos if memo.made_s >= oldest]


def order(memo: Memo) -> tuple[int, float, int]:
    """Return what memories sort by: sender, then time."""
    return memo.sender, memo.made_s, memo.message
