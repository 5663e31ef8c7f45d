"""How far a run has come, told on stderr while it goes on."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from p2pkd.core.records import Observer, PopulationRecord
from p2pkd.core.scores import SCORES
from p2pkd.core.waits import listening

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

LINE_EVERY_S, BAR_EVERY_S = 10.0, 0.1


class Progress(Observer, AbstractContextManager["Progress"]):
    """Shows simulated time, events a second, accuracy so far and the time left.

    The accuracy is of what the method delivers, *score*.

    A bar where *stream* is a terminal, a plain line every ten seconds elsewhere.  Only *clock*,
    the wall clock in seconds, is looked at, so showing progress changes no result.
    """

    def __init__(
        self,
        duration_s: float,
        *,
        score: str = "agents",
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.duration_s = duration_s
        self.what = "mean accuracy" if score == "agents" else f"accuracy of {SCORES[score]}"
        self.stream = stream or sys.stderr
        self.clock = clock
        self.accuracy = math.nan
        self.troubles: dict[str, int] = {}
        self.now_s = 0.0
        self.events = 0
        self.waited = ""
        self.listening = ExitStack()
        self.bar = _bar(self.stream) if self.stream.isatty() else None
        self.every_s = LINE_EVERY_S if self.bar is None else BAR_EVERY_S
        self.started = self.shown = clock()
        self.task = None if self.bar is None else self.bar.add_task("", total=duration_s)

    def population(self, record: PopulationRecord) -> None:
        """Remember the accuracy, and show it if the last time was long enough ago."""
        self.accuracy = record.accuracy_mean
        self.troubles = {"diverged": record.diverged, "dead": record.dead}
        self.advance(record.time_s, self.events)

    def advance(self, now_s: float, events: int) -> None:
        """Show how far it is, if the last time was long enough ago."""
        self.now_s, self.events = now_s, events
        wall = self.clock()
        if wall - self.shown >= self.every_s:
            self.shown = wall
            self._show()

    def waits(self, what: str) -> None:
        """Show that the run waits for *what*, if the last time was long enough ago."""
        wall = self.clock()
        if wall - self.shown >= self.every_s:
            self.shown, self.waited = wall, what
            self._show()
            self.waited = ""

    def text(self) -> str:
        """Return ``5:00 of 20:00 simulated, 1,200 events/s, mean accuracy 71.2 %, 12 s left``.

        Where models are so: ``3 agents diverged, 1 agent dead``.
        """
        elapsed = max(self.clock() - self.started, 1e-9)
        parts = [
            f"{clock_text(self.now_s)} of {clock_text(self.duration_s)} simulated",
        ]
        if self.events:
            parts.append(f"{self.events / elapsed:,.0f} events/s")
        if not math.isnan(self.accuracy):
            parts.append(f"{self.what} {self.accuracy:.1%}".replace("%", " %"))
        for what, n in self.troubles.items():
            if n:
                parts.append(f"{n} agent{'s' * (n > 1)} {what}")
        if 0 < self.now_s < self.duration_s:
            left = elapsed * (self.duration_s - self.now_s) / self.now_s
            parts.append(f"{clock_text(left)} left")
        if self.waited:
            parts.append(f"waits for {self.waited}")
        return ", ".join(parts)

    def _show(self) -> None:
        """Show it; a stream that takes nothing is no reason to end a run."""
        try:
            if self.bar is None or self.task is None:
                print(self.text(), file=self.stream, flush=True)
            else:
                text = self.text()
                self.bar.update(self.task, completed=self.now_s, description=text, refresh=True)
        except (OSError, ValueError):
            self.every_s = math.inf

    def __enter__(self) -> Self:
        self.listening.enter_context(listening(self.waits))
        if self.bar is not None:
            self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.listening.close()
        if self.bar is not None:
            self._show()
            self.bar.stop()


def _bar(stream: TextIO) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TextColumn("{task.description}", markup=False))
    return Bar(*columns, console=Console(file=stream), auto_refresh=False)


def clock_text(seconds: float) -> str:
    """Return a time as people read it: ``12.3 s``, ``5:00``, ``1:05:00``."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02}:{s:02}" if hours else f"{m}:{s:02}"
