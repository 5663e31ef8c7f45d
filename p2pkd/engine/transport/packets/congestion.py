"""Congestion control: how a window grows, and how far it falls.

Windows are in segments.  What Linux does is described, not copied: CUBIC (Ha, Rhee and Xu, 2008;
RFC 9438) with HyStart (Ha and Rhee, 2011) as in its `tcp_cubic`, and Reno (RFC 5681).
"""

from __future__ import annotations

from math import inf
from typing import Protocol

INITIAL_WINDOW = 10
"""RFC 6928."""


class Window:
    """A sender's congestion window and slow-start threshold."""

    __slots__ = ("credit", "size", "threshold")

    def __init__(self) -> None:
        self.size = INITIAL_WINDOW
        self.threshold = inf
        self.credit = 0
        """Acknowledged segments that have not made the window larger yet."""

    def slow_start(self, acked: int) -> int:
        """Grow by *acked* up to the threshold; return what is left over."""
        grown = int(min(self.size + acked, self.threshold))
        left = acked - (grown - self.size)
        self.size = grown
        return left

    def additive(self, acked: int, each: int) -> None:
        """Grow by one for *each* acknowledged segments."""
        if self.credit >= each:
            self.credit = 0
            self.size += 1
        self.credit += acked
        if self.credit >= each:
            self.size += self.credit // each
            self.credit %= each


class Use:
    """Whether the window is what held the sender back, as `tcp_cwnd_validate` sees it.

    A window that is not used does not grow; in slow start half of it is enough.
    """

    __slots__ = ("_limited", "_most_out", "_until")

    def __init__(self) -> None:
        self._limited, self._most_out, self._until = False, 0, 0

    def note(self, acked: int, sent: int, limited: bool) -> None:
        """Note that segments up to *sent* are out, those before *acked* have arrived."""
        out = sent - acked
        if acked >= self._until or limited or (not self._limited and out > self._most_out):
            self._limited, self._most_out, self._until = limited, out, sent

    def fills(self, window: Window) -> bool:
        """Whether *window* may grow."""
        slow = window.size < window.threshold
        return self._limited or (slow and window.size < 2 * self._most_out)


class Congestion(Protocol):
    """What a sender asks of its congestion control."""

    def sample(self, window: Window, rtt_s: float, now: float, acked: int, sent: int) -> None:
        """Hear of a round trip; segments before *acked* have arrived, before *sent* were sent."""

    def grow(self, window: Window, acked: int, now: float) -> None:
        """Let *window* grow for *acked* segments."""

    def reduced(self, window: Window) -> int:
        """Return the threshold after a loss."""

    def timed_out(self, now: float, sent: int) -> None:
        """Forget what a time-out makes void."""

    def idle(self, seconds: float) -> None:
        """Leave out *seconds* in which nothing was under way."""


class Reno:
    """Half after a loss, one segment a round trip."""

    __slots__ = ()

    def sample(self, window: Window, rtt_s: float, now: float, acked: int, sent: int) -> None:
        """Do nothing."""

    def grow(self, window: Window, acked: int, now: float) -> None:
        """Double each round trip up to the threshold, then add one."""
        if window.size < window.threshold:
            acked = window.slow_start(acked)
        if acked:
            window.additive(acked, window.size)

    def reduced(self, window: Window) -> int:
        """Return half."""
        return max(window.size // 2, 2)

    def timed_out(self, now: float, sent: int) -> None:
        """Do nothing."""

    def idle(self, seconds: float) -> None:
        """Do nothing."""
