"""A fair sample of everything ever heard."""

from __future__ import annotations

from typing import Literal

from p2pkd.core.rng import uniform
from p2pkd.knowledge.memory.base import Aging, Memo, Memory, order
from p2pkd.scenario.method import MemorySpec
from p2pkd.scenario.quantities import Count


class Reservoir(MemorySpec):
    """`n` messages, a uniform sample of all that were ever heard (Vitter, 1985).

    Each message draws a number that depends on the agent and the message alone; the `n` smallest
    stay.  So duplicates change nothing, and neither does the order of arrival.
    """

    keep: Literal["reservoir"] = "reservoir"
    n: Count = 8

    def build(self, key: int = 0) -> Memory:
        """Return an empty memory that draws by *key*, an agent's own."""
        return _Reservoir(self.n, self.max_age, key)

    def capacity(self, neighbours: int) -> int:
        """Return `n`."""
        return self.n


class _Reservoir(Aging):
    def __init__(self, n: int, max_age: float | None, key: int) -> None:
        super().__init__(max_age)
        self.n = n
        self.key = key
        self.kept: dict[float, Memo] = {}

    def store(self, memo: Memo) -> None:
        """Keep *memo* if its random number is among the `n` least so far."""
        self.kept[uniform(self.key, memo.message)] = memo
        if len(self.kept) > self.n:
            del self.kept[max(self.kept)]

    def read(self, now_s: float) -> list[Memo]:
        """Return what still counts at *now_s*, ordered; nothing is forgotten."""
        return sorted(self.fresh(list(self.kept.values()), now_s), key=order)

    def clear(self) -> None:
        """Forget everything."""
        self.kept.clear()
