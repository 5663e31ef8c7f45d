"""Ctrl-C where Python would lose it."""

from __future__ import annotations

import _thread
import threading

_SOON_S = 0.01


def interrupt_again() -> None:
    """Repeat a Ctrl-C a moment later: what is raised in a finaliser is printed and forgotten."""
    threading.Timer(_SOON_S, _thread.interrupt_main).start()
