"""A connection's timer: one deadline, and as few events as that needs."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from p2pkd.engine.transport.packets.transport import Tcp


class Timer:
    """Calls what is due at a deadline, which may be moved; it is its own event.

    An event of an earlier deadline that was put off wakes up early, and waits on.
    """

    __slots__ = ("_net", "_wakes_s", "callbacks", "deadline_s", "due")

    _ok = True

    def __init__(self, net: Tcp) -> None:
        self._net = net
        self._wakes_s = inf
        self.callbacks: Any = None
        self.deadline_s = inf
        self.due: Callable[[], None] | None = None
        """What was armed last."""

    def arm(self, deadline_s: float, due: Callable[[], None]) -> None:
        """Call *due* at *deadline_s* and nothing before."""
        self.deadline_s, self.due = deadline_s, due
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
        self.deadline_s = inf
        assert self.due is not None
        self.due()
