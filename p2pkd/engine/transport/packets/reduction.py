"""Proportional rate reduction (RFC 6937): how a window falls in a recovery."""

from __future__ import annotations


class Reduction:
    """One recovery: what was delivered and sent in it, and the window it began with.

    As in Linux: above the threshold it lets out what arrives times the reduction; below it, what
    arrives, and one more where the first missing segment moves on and nothing new is lost.
    """

    __slots__ = ("_delivered", "_sent", "_start")

    def __init__(self, start: int) -> None:
        self._delivered = self._sent = 0
        self._start = start

    def sent(self) -> None:
        """Note that a segment was sent."""
        self._sent += 1

    def window(self, threshold: int, flying: int, delivered: int, progress: bool) -> int:
        """Return the window after *delivered* more have arrived; *flying* are under way."""
        self._delivered += delivered
        room = threshold - flying
        if room < 0:
            count = -(-threshold * self._delivered // self._start) - self._sent
        else:
            count = max(self._delivered - self._sent, delivered) + progress
            count = min(room, count)
        return flying + max(count, 0 if self._sent else 1)
