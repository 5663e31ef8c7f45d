"""Ctrl-C, and what is taken for it; where Python would lose it."""

from __future__ import annotations

import _thread
import signal
import threading

# What ends a run with what it has until then: Ctrl-C, a job that is stopped, a terminal that goes.
INTERRUPTS = {signal.SIGINT, signal.SIGTERM} | (
    {signal.SIGHUP} if hasattr(signal, "SIGHUP") else set()
)
_SOON_S = 0.01


def interrupt_again() -> None:
    """Repeat a Ctrl-C a moment later: what is raised in a finaliser is printed and forgotten."""
    threading.Timer(_SOON_S, _thread.interrupt_main).start()
