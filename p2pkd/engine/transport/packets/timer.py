"""A connection's timer: one deadline, and as few events as that needs.

Timers of Linux (at 250 ticks a second) are never early and coarse: to a tick of 4 ms up to a
quarter of a second, to 32 ms up to two seconds, to 256 ms beyond (its timer wheel).
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from p2pkd.engine.transport.packets.transport import Tcp

TICK_S = 0.004
_LEVELS = (63, 504, 4032)
"""Ticks from which on a timer is eight times as coarse."""


def due(armed_s: float, deadline_s: float) -> float:
    """Return when a timer for *deadline_s*, set at *armed_s*, goes off."""
    start = int(armed_s / TICK_S)
    ticks = ceil((deadline_s - armed_s) / TICK_S)
    grain = 1 << 3 * sum(ticks >= level for level in _LEVELS)
    return ((start + ticks) // grain + 1) * grain * TICK_S


class Timer:
    """Calls what is due at a deadline, which may be moved; it is its own event.

    An event of an earlier deadline that was put off wakes up early, and waits on.
    """

    __slots__ = ("_armed_s", "_net", "_wakes_s", "callbacks", "deadline_s", "due")

    _ok = True

    def __init__(self, net: Tcp) -> None:
        self._net = net
        self._armed_s: float | None = None
        self._wakes_s = inf
        self.callbacks: Any = None
        self.deadline_s = inf
        self.due: Callable[[], None] | None = None
        """What was armed last."""

    def arm(self, deadline_s: float, due: Callable[[], None], *, exact: bool = False) -> None:
        """Call *due* when a timer for *deadline_s* goes off, or then, and nothing before."""
        self.deadline_s, self.due = deadline_s, due
        self._armed_s = None if exact else self._net.now()
        if deadline_s < self._wakes_s:
            self._wake(deadline_s)

    def stop(self) -> None:
        """Call nothing."""
        self.deadline_s = inf

    def _wake(self, time_s: float) -> None:
        self._wakes_s = time_s
        self.callbacks = self._net.on_timer
        self._net.wake(time_s, self)

    def woken(self) -> None:
        """Do what is due."""
        now = self._net.now()
        self.callbacks = self._net.on_timer
        if now != self._wakes_s:
            return
        self._wakes_s = inf
        if self.deadline_s == inf:
            return
        if now < self.deadline_s:
            self._wake(self.deadline_s)
            return
        if self._armed_s is not None:
            self.deadline_s, self._armed_s = due(self._armed_s, self.deadline_s), None
            if now < self.deadline_s:
                self._wake(self.deadline_s)
                return
        self.deadline_s = inf
        assert self.due is not None
        self.due()
