"""A teacher that has stopped learning: what it says once and for all, and whom it has told."""

from __future__ import annotations

from collections.abc import Sequence

from p2pkd.engine.message import Contents


class Frozen:
    """The one thing that an agent says.

    Attributes
    ----------
    contents : None until it has been said for the first time.
    """

    __slots__ = ("contents", "told")

    def __init__(self) -> None:
        self.contents: Contents | None = None
        self.told: set[int] = set()

    def untold(self, peers: Sequence[int]) -> list[int]:
        """Return those of *peers* to whom it has not been sent, and count them as told."""
        new = [peer for peer in peers if peer not in self.told]
        self.told.update(new)
        return new
