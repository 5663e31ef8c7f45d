"""The event loop, and two things on it that cost less than their counterparts in SimPy.

A message takes a handful of events, so the loop is where a run without learning spends its time.
SimPy asks an event for `callbacks`, `_ok` and `_value` only; what is here offers just these.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any

import simpy

Steps = Generator[Any, Any, None]

URGENT, NORMAL = 0, 1


class Timeline(simpy.Environment):
    """SimPy's environment, with a loop of its own; order and times are the same."""

    # The base class has a function here, and it is called a dozen times a message.
    now: Any = property(attrgetter("_now"))

    def advance(self, until: float, most: int) -> int:
        """Process events due before *until*, at most *most*; return how many there were."""
        queue = self._queue
        for count in range(most):
            if not queue or queue[0][0] >= until:
                return count
            self._now, _, _, event = heappop(queue)
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
            if not event._ok and not hasattr(event, "_defused"):
                raise event._value
        return most


class Alarm:
    """An event that happens again and again, each time it is set; one waits for it at a time."""

    __slots__ = ("_env", "callbacks")

    _ok = True
    _value = None

    def __init__(self, env: simpy.Environment) -> None:
        self._env: Any = env
        self.callbacks: list[Callable[[Any], None]] | None = None

    def set(self, seconds: float, *first: Callable[[Any], None]) -> Any:
        """Happen in *seconds* from now; returns itself, to be waited for.

        *first* are called before whoever waits goes on.
        """
        self.callbacks = [*first]
        env = self._env
        heappush(env._queue, (env._now + seconds, NORMAL, next(env._eid), self))
        return self


class Course:
    """Steps that nobody interrupts or waits for: a process without an event at its end.

    Like a process it starts once the present event is over, and is, itself, the event that starts
    it; or it starts *at_once*.
    """

    __slots__ = ("_steps", "callbacks")

    _ok = True

    def __init__(self, env: simpy.Environment, steps: Steps, *, at_once: bool = False) -> None:
        self._steps = steps
        if at_once:
            self._advance(None)
            return
        # Bound anew each time: kept, the method and its object would wait for the collector.
        self.callbacks: Any = (self._advance,)
        schedule: Any = env.schedule
        schedule(self, URGENT)

    def _advance(self, _: Any) -> None:
        """Go on until something is to be waited for that has not happened."""
        for event in self._steps:
            if event.callbacks is not None:
                event.callbacks.append(self._advance)
                return
