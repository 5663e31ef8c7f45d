"""Drop-tail queues of access links, first in, first out.

A packet's departure is known when it enters: no event is needed but that of its next place.  What
waits is remembered, so that a change of the rate moves it, and an abort can tell what has left.
"""

from __future__ import annotations

from collections import deque
from math import inf

from p2pkd.engine.transport.packets.packet import Packet

ROUNDING_BYTES = 1e-3
"""A queue that is full to the byte takes a packet, whatever the rounding of times."""


class Queue:
    """One direction of an access link.

    *rate* is in bytes/s and may be 0 (nothing leaves) or infinite; *limit* gives the bytes that fit
    at a rate.
    """

    __slots__ = ("departs_s", "free_s", "limit_bytes", "rate", "waiting")

    def __init__(self, rate: float, limit_bytes: float) -> None:
        self.rate = rate
        self.limit_bytes = limit_bytes
        self.free_s = 0.0 if rate else inf
        self.departs_s = 0.0
        """Departure of the packet that was put last."""
        self.waiting: deque[tuple[float, Packet]] = deque()
        """Departures of what has not left; what has is struck off late."""

    def put(self, packet: Packet, now: float) -> bool:
        """Let *packet* in, and tell `departs_s`; return False where it does not fit."""
        free, size = self.free_s, packet.wire_bytes
        waiting = self.waiting
        if free <= now:
            waiting.clear()
            departs = now + size / self.rate
        else:
            while waiting and waiting[0][0] <= now:
                waiting.popleft()
            rate = self.rate
            backlog = (free - now) * rate if rate else self.backlog(now)
            if backlog + size > self.limit_bytes + ROUNDING_BYTES:
                return False
            departs = free + size / rate if rate else inf
        self.free_s = self.departs_s = departs
        waiting.append((departs, packet))
        return True

    def backlog(self, now: float) -> float:
        """Return the bytes that have not left by *now*."""
        if self.rate:
            return (self.free_s - now) * self.rate if self.free_s > now else 0.0
        return sum(packet.wire_bytes for departs, packet in self.waiting if departs > now)

    def set_rate(self, rate: float, limit_bytes: float, now: float) -> list[Packet]:
        """Change the rate; return what waits and now departs at another time, set in `due_s`.

        `due_s` is the departure; it is for the caller to add the way that follows.  What has been
        served in part of the first packet is served.
        """
        waits = [(departs, packet) for departs, packet in self.waiting if departs > now]
        first = waits[0] if waits else None
        served = 0.0
        if first is not None and self.rate:
            served = first[1].wire_bytes - (first[0] - now) * self.rate
        self.rate, self.limit_bytes = rate, limit_bytes
        free = now if rate else inf
        self.waiting = deque()
        for i, (_, packet) in enumerate(waits):
            left = packet.wire_bytes - (served if i == 0 else 0.0)
            free = free + max(0.0, left) / rate if rate else inf
            self.waiting.append((free, packet))
        self.free_s = free
        return [packet for _, packet in waits]
