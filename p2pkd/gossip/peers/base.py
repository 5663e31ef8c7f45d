"""What a peer sampler is, and the random numbers that samplers draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from p2pkd.core.rng import Streams, uniform


class PeerSampler(Protocol):
    """Chooses peers for all agents of a run.

    It may well choose an agent that is offline: nobody has told the one who asks.
    """

    def choose(self, agent: int, fanout: int) -> Sequence[int]:
        """Return up to *fanout* distinct peers of *agent*, never itself."""


class Draws:
    """A stream of uniform numbers for each of *n* agents, that costs a counter and no generator."""

    __slots__ = ("counts", "keys")

    def __init__(self, streams: Streams, n: int, purpose: str = "peers") -> None:
        self.keys: list[int] = streams.keys(purpose, n).tolist()
        self.counts = [0] * n

    def next(self, agent: int) -> float:
        """Return the next number in [0, 1) of *agent*."""
        count = self.counts[agent]
        self.counts[agent] = count + 1
        return uniform(self.keys[agent], count)

    def below(self, agent: int, n: int) -> int:
        """Return an integer from 0 to *n* - 1, each equally likely."""
        count = self.counts[agent]
        self.counts[agent] = count + 1
        return int(uniform(self.keys[agent], count) * n)

    def pick(self, agent: int, items: list[int], k: int) -> list[int]:
        """Return *k* of *items*, without replacement, or all where there are no more.

        These are the first steps of a Fisher-Yates shuffle; *items* is left in disorder.
        """
        if k >= len(items):
            return items
        for step in range(k):
            other = step + self.below(agent, len(items) - step)
            items[step], items[other] = items[other], items[step]
        return items[:k]

    def sample(self, agent: int, n: int, k: int) -> list[int]:
        """Return *k* of the numbers below *n*, without replacement, at a cost of *k* draws.

        Floyd's algorithm (Bentley and Floyd, 1987): each set is equally likely, not each order.
        """
        if k >= n:
            return list(range(n))
        chosen: dict[int, None] = {}
        for last in range(n - k, n):
            number = self.below(agent, last + 1)
            chosen[last if number in chosen else number] = None
        return list(chosen)
