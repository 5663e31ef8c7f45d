"""Every message, once: nothing that was heard is dropped for a newer one."""

from __future__ import annotations

from typing import Literal

from p2pkd.knowledge.memory.base import Aging, Memo, Memory, order
from p2pkd.scenario.method import MemorySpec


class Inbox(MemorySpec):
    """Every message is used once, at the next learning step, however many a peer has sent.

    For what must be counted in full: the shares of push-sum, or differences that add up.
    """

    keep: Literal["inbox"] = "inbox"

    def build(self, key: int = 0) -> Memory:
        """Return an empty memory."""
        return _Inbox(self.max_age)

    def capacity(self, neighbours: int) -> int:
        """Return the number of neighbours: about one message each between two steps."""
        return neighbours


class _Inbox(Aging):
    def __init__(self, max_age: float | None) -> None:
        super().__init__(max_age)
        self.memos: list[Memo] = []

    def store(self, memo: Memo) -> None:
        """Keep *memo* too."""
        self.memos.append(memo)

    def read(self, now_s: float) -> list[Memo]:
        """Return what still counts at *now_s*, ordered, and forget everything."""
        memos, self.memos = self.fresh(self.memos, now_s), []
        return sorted(memos, key=order)

    def clear(self) -> None:
        """Forget everything."""
        self.memos.clear()
