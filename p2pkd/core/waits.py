"""Telling whoever shows progress that nothing goes on, and what is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_LISTENERS: list[Callable[[str], None]] = []


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Call *listener* with what is waited for, about twice a second while that goes on."""
    _LISTENERS.append(listener)
    try:
        yield
    finally:
        _LISTENERS.remove(listener)


def waits_for(what: str) -> None:
    """Tell all listeners that *what* is waited for."""
    for listener in _LISTENERS:
        listener(what)


def is_stopped(pid: int | None) -> bool:
    """Tell whether a process was stopped (SIGSTOP, a debugger) and so will never answer.

    False where the system does not say.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    # After the name, which may hold anything, in parentheses.
    return text.rpartition(")")[2].split()[:1] in (["T"], ["t"])
