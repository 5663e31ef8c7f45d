"""One message of each peer: the newest, or the newest not yet used."""

from __future__ import annotations

from typing import Literal

from p2pkd.knowledge.memory.base import Aging, Memo, Memory, order
from p2pkd.scenario.method import MemorySpec


class LatestPerPeer(MemorySpec):
    """The newest message of each peer; late and duplicate ones change nothing."""

    keep: Literal["latest_per_peer"] = "latest_per_peer"

    def build(self, key: int = 0) -> Memory:
        """Return an empty memory."""
        return _LatestPerPeer(self.max_age)

    def capacity(self, neighbours: int) -> int:
        """Return how many messages it holds at most, with so many possible senders."""
        return neighbours


class _LatestPerPeer(Aging):
    def __init__(self, max_age: float | None) -> None:
        super().__init__(max_age)
        self.latest: dict[int, Memo] = {}

    def store(self, memo: Memo) -> None:
        """Keep *memo* in place of its sender's last, unless that is at least as new."""
        known = self.latest.get(memo.sender)
        if known is None or memo.made_s > known.made_s:
            self.latest[memo.sender] = memo

    def read(self, now_s: float) -> list[Memo]:
        """Return what still counts at *now_s*, ordered, and forget the rest."""
        kept = list(self.latest.values())
        if self.max_age is not None:
            kept = self.fresh(kept, now_s)
            if len(kept) < len(self.latest):
                self.latest = {memo.sender: memo for memo in kept}
        return sorted(kept, key=order) if len(kept) > 1 else kept

    def clear(self) -> None:
        """Forget everything."""
        self.latest.clear()


class Once(MemorySpec):
    """Each message is used once, at the next learning step, and then forgotten."""

    keep: Literal["once"] = "once"

    def build(self, key: int = 0) -> Memory:
        """Return an empty memory."""
        return _Once(self.max_age)

    def capacity(self, neighbours: int) -> int:
        """Return the number of neighbours: about one message each between two steps."""
        return neighbours


class _Once(_LatestPerPeer):
    def read(self, now_s: float) -> list[Memo]:
        """Return what still counts at *now_s*, ordered, and forget everything."""
        memos = super().read(now_s)
        self.latest.clear()
        return memos
