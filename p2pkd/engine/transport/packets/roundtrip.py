"""Round trips and the retransmission time-out: RFC 6298 with Linux' bounds and windows."""

from __future__ import annotations

from math import inf

LEAST_S = 0.2
MOST_S = 120.0
FIRST_S = 1.0
"""Time-out before anything is measured."""


class RoundTrip:
    """Smoothed round trip, its deviation and the time-out."""

    __slots__ = ("_deviation", "_largest", "_until", "_variation", "backoff", "least_s", "smooth_s")

    def __init__(self) -> None:
        self.smooth_s = -1.0
        """Negative before the first measurement."""
        self.least_s = inf
        self.backoff = 1
        self._variation = 0.0
        self._deviation = self._largest = 0.0
        self._until = 0

    @property
    def timeout_s(self) -> float:
        """Present time-out in seconds, doubled for each in a row."""
        first = FIRST_S if self.smooth_s < 0 else self.smooth_s + self._variation
        return min(first * self.backoff, MOST_S)

    def measure(self, rtt_s: float, acked: int, sent: int) -> None:
        """Take in *rtt_s*; segments before *acked* have arrived, before *sent* were sent.

        The variation is the largest deviation of a round trip, times four and at least `LEAST_S`;
        it falls by a quarter a round at most.
        """
        if rtt_s < self.least_s:
            self.least_s = rtt_s
        if self.smooth_s < 0:
            self.smooth_s = rtt_s
            self._deviation = 2 * rtt_s
            self._variation = self._largest = max(self._deviation, LEAST_S)
            self._until = sent
            return
        off = rtt_s - self.smooth_s
        self.smooth_s += off / 8
        change = abs(off) - self._deviation / 4
        # A round trip that has become shorter must not make the time-out longer at once.
        self._deviation += change / 8 if off < 0 < change else change
        if self._deviation > self._largest:
            self._largest = self._deviation
        if self._largest > self._variation:
            self._variation = self._largest
        if acked > self._until:
            if self._largest < self._variation:
                self._variation -= (self._variation - self._largest) / 4
            self._until, self._largest = sent, LEAST_S
