"""A table a peer, row by row: for messages that speak of different rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from p2pkd.core.lazy import numpy as np
from p2pkd.knowledge.memory.base import Aging, Memo, Memory, order
from p2pkd.scenario.method import MemorySpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]


class Excerpt:
    """The part of a remembered message that no newer one of its sender replaces.

    Attributes
    ----------
    memo : the message.
    at : which of its rows, as positions in its contents, ascending.
    """

    __slots__ = ("at", "memo", "rows")

    def __init__(self, memo: Any, at: Rows) -> None:
        self.memo = memo
        self.at = at
        self.rows = memo.rows[at]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.memo, name)


class LatestPerRow(MemorySpec):
    """The newest prediction of each peer for each reference row.

    Unlike `latest_per_peer` it keeps what an earlier message said of rows that the newest one
    leaves out, so a peer that sends a few rows at a time is remembered on all of them.  A message
    of which every row has been replaced is forgotten.
    """

    partial: ClassVar[bool] = True
    keep: Literal["latest_per_row"] = "latest_per_row"

    def build(self, key: int = 0) -> Memory:
        """Return an empty memory."""
        return _LatestPerRow(self.max_age)

    def capacity(self, neighbours: int) -> int:
        """Return the neighbours: as many tables as with `latest_per_peer`, but of all rows."""
        return neighbours


class _LatestPerRow(Aging):
    def __init__(self, max_age: float | None) -> None:
        super().__init__(max_age)
        # Of each sender: its messages that still have a row of their own, oldest first.
        self.of: dict[int, list[Excerpt]] = {}

    def store(self, memo: Any) -> None:
        """Keep *memo*; it takes the place of older rows of its sender that it has too."""
        whole = Excerpt(memo, np.arange(len(memo.rows)))
        known = [e for e in self.of.get(memo.sender, ()) if e.message != memo.message]
        known.append(whole)
        known.sort(key=order)
        self.of[memo.sender] = _without_replaced(known)

    def read(self, now_s: float) -> list[Memo]:
        """Return the excerpts that still count at *now_s*, ordered, and forget the rest."""
        excerpts: list[Any] = []
        for sender, known in list(self.of.items()):
            fresh: Any = self.fresh(list(known), now_s)
            self.of[sender] = fresh
            excerpts += fresh
        return sorted(excerpts, key=order)

    def clear(self) -> None:
        """Forget everything."""
        self.of.clear()


def _without_replaced(known: list[Excerpt]) -> list[Excerpt]:
    """Return *known*, oldest first, each without the rows that a newer one has."""
    kept: list[Excerpt] = []
    newer = np.empty(0, np.int64)
    for excerpt in reversed(known):
        own = ~np.isin(excerpt.rows, newer)
        if own.any():
            kept.append(excerpt if own.all() else Excerpt(excerpt.memo, excerpt.at[own]))
            newer = np.union1d(newer, excerpt.rows)
    return kept[::-1]
