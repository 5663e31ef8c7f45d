"""The flows of `Fair` that are past their latency, in flat arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.engine.transport.base import Transfer

TOLERANCE = 1e-9
"""A flow is over when so little of its size is left: simultaneous ends fall into one event."""


class FairTransfer(Transfer):
    """A transfer with its place among the flows."""

    __slots__ = ("crossed_bytes", "limit", "route", "serial", "slot")

    route: tuple[int, ...]
    """Ids of the links that it crosses, each once."""
    limit: float
    """The rate in bytes/s that it never exceeds."""
    serial: int
    """Its number in order of starting: breaks ties."""
    slot: int
    """Its column in `Flows`; -1 while it is not there."""
    crossed_bytes: float
    """What had crossed when it ended."""


class Flows:
    """Columns of numbers, one a flow, dense: the last one moves into a gap.

    A column holds the bytes left at the time `since_s`, and the rate from then on.  It is touched
    only when the rate changes, so that a flow that nobody disturbs ends when first computed.
    """

    _left: NDArray[np.float64]
    _rate: NDArray[np.float64]
    _since: NDArray[np.float64]
    _end: NDArray[np.float64]
    _ripe: NDArray[np.float64]
    _limit: NDArray[np.float64]
    _size: NDArray[np.float64]

    def __init__(self, width: int, filler: int) -> None:
        self.count = 0
        self.transfers: list[FairTransfer] = []
        self._filler = filler
        self._numbers = np.empty((7, 64))
        self._routes = np.full((width, 64), filler, dtype=np.intp)
        self._name_rows()

    def _name_rows(self) -> None:
        rows: Any = self._numbers
        self._left, self._rate, self._since, self._end, self._ripe, self._limit, self._size = rows

    def add(self, transfer: FairTransfer, now_s: float) -> None:
        """Append *transfer*, all of it left, at a rate of 0."""
        self._make_room(len(transfer.route))
        slot = transfer.slot = self.count
        size = transfer.size_bytes
        self._numbers[:, slot] = (size, 0.0, now_s, np.inf, np.inf, transfer.limit, size)
        self._routes[:, slot] = self._filler
        self._routes[: len(transfer.route), slot] = transfer.route
        self.transfers.append(transfer)
        self.count += 1

    def _make_room(self, width: int) -> None:
        rows, room = self._routes.shape
        if self.count < room and width <= rows:
            return
        wider, longer = max(width, rows), 2 * room if self.count == room else room
        grown = np.full((wider, longer), self._filler, dtype=np.intp)
        grown[:rows, :room] = self._routes
        self._routes = grown
        numbers = np.empty((len(self._numbers), longer))
        numbers[:, :room] = self._numbers
        self._numbers = numbers
        self._name_rows()

    def remove(self, transfer: FairTransfer) -> None:
        """Take *transfer* out; the last flow moves into its column."""
        slot, last = transfer.slot, self.transfers.pop()
        self.count -= 1
        if last is not transfer:
            self.transfers[slot] = last
            last.slot = slot
            self._numbers[:, slot] = self._numbers[:, self.count]
            self._routes[:, slot] = self._routes[:, self.count]
        transfer.slot = -1

    def left(self, transfer: FairTransfer, now_s: float) -> float:
        """Return the bytes of *transfer* that have not crossed by *now_s*."""
        slot = transfer.slot
        moved = self._rate.item(slot) * (now_s - self._since.item(slot))
        return max(0.0, self._left.item(slot) - moved)

    def rate(self, transfer: FairTransfer) -> float:
        """Return the present rate of *transfer* in bytes/s."""
        return self._rate.item(transfer.slot)

    def set_rate(self, transfer: FairTransfer, rate: float, now_s: float) -> None:
        """Let *transfer* go on at *rate* from *now_s*."""
        slot = transfer.slot
        if rate == self._rate.item(slot):
            return
        left = self.left(transfer, now_s)
        self._left[slot], self._rate[slot], self._since[slot] = left, rate, now_s
        self._end[slot] = now_s + left / rate if rate else np.inf
        spared = max(0.0, left - TOLERANCE * transfer.size_bytes)
        self._ripe[slot] = now_s + spared / rate if rate else np.inf

    def set_rates(self, rates: NDArray[np.float64], now_s: float) -> None:
        """Let all flows go on at *rates*, shape ``(count,)``, from *now_s*."""
        slots = np.flatnonzero(rates != self._rate[: self.count])
        rate = rates[slots]
        moved = self._rate[slots] * (now_s - self._since[slots])
        left = np.maximum(self._left[slots] - moved, 0.0)
        self._left[slots], self._rate[slots], self._since[slots] = left, rate, now_s
        spared = np.maximum(left - TOLERANCE * self._size[slots], 0.0)
        self._end[slots] = now_s + _duration(left, rate)
        self._ripe[slots] = now_s + _duration(spared, rate)

    def routes(self) -> NDArray[np.intp]:
        """Return the links of every flow, shape ``(width, count)``, as `max_min` wants them."""
        return self._routes[:, : self.count]

    def limits(self) -> NDArray[np.float64]:
        """Return every flow's own limit in bytes/s, shape ``(count,)``."""
        return self._limit[: self.count]

    def rates(self) -> NDArray[np.float64]:
        """Return every flow's rate in bytes/s, shape ``(count,)``."""
        return self._rate[: self.count]

    def next_end_s(self) -> float:
        """Return when the first flow ends if no rate changes; infinite if none does."""
        return float(self._end[: self.count].min()) if self.count else np.inf

    def ended(self, now_s: float) -> list[FairTransfer]:
        """Return the transfers that are over by *now_s*, in order of their start."""
        ripe = self._ripe[: self.count] <= now_s
        over = [self.transfers[slot] for slot in np.flatnonzero(ripe).tolist()]
        over.sort(key=_serial)
        return over


def _serial(transfer: FairTransfer) -> int:
    return transfer.serial


def _duration(size: NDArray[np.float64], rate: NDArray[np.float64]) -> NDArray[np.float64]:
    duration = np.full(len(size), np.inf)
    np.divide(size, rate, out=duration, where=rate > 0)
    return duration
