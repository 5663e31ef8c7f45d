"""Things that happen at a time."""

from __future__ import annotations

from collections.abc import Callable

import simpy


def at(env: simpy.Environment, time_s: float, action: Callable[[], None]) -> None:
    """Call *action* at *time_s*, or now if that has passed."""
    env.timeout(max(0.0, time_s - env.now)).callbacks.append(lambda _: action())
