"""How far a sweep has come, over its runs and within them."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from p2pkd.cli.progress import BAR_EVERY_S, LINE_EVERY_S, _bar, clock_text
from p2pkd.study.task import FAILED, Outcome, beats

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class SweepProgress(AbstractContextManager["SweepProgress"]):
    """Shows runs done and failed, how far those under way are, and the time left.

    A bar where *stream* is a terminal, a plain line every ten seconds elsewhere.  *done* of
    *total* runs were so at the start.
    """

    def __init__(self, folder: Path, total: int, done: int, stream: TextIO | None = None) -> None:
        self.folder, self.total, self.before = folder, total, done
        self.done, self.failed = done, 0
        self.stream = stream or sys.stderr
        self.started = time.monotonic()
        self.bar: Bar | None = _bar(self.stream) if self.stream.isatty() else None
        self.task = None if self.bar is None else self.bar.add_task("", total=total)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def told(self, outcome: Outcome) -> None:
        """Count an outcome; a run that was given up is done with."""
        if outcome.status == FAILED:
            self.failed += 1
        else:
            self.done += 1

    def text(self) -> str:
        """Return ``12 of 40 runs, 1 failed, 2 under way (40 %, 75 %), 3:10 left``."""
        under_way = beats(self.folder)
        parts = [f"{self.done} of {self.total} runs"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if under_way:
            shares = ", ".join(f"{100 * share:.0f} %" for share in list(under_way.values())[:8])
            parts.append(f"{len(under_way)} under way ({shares})")
        worked = self.done + self.failed - self.before + sum(under_way.values())
        left = self.total - self.before - worked
        if worked > 0 and left > 0:
            seconds = (time.monotonic() - self.started) * left / worked
            parts.append(f"{clock_text(seconds)} left")
        return ", ".join(parts)

    def _watch(self) -> None:
        every = LINE_EVERY_S if self.bar is None else 5 * BAR_EVERY_S
        while not self.stop.wait(every):
            self._show()

    def _show(self) -> None:
        if self.bar is None or self.task is None:
            with suppress(OSError, ValueError):  # a stream that takes nothing ends no sweep
                print(self.text(), file=self.stream, flush=True)
        else:
            ended = self.done + self.failed
            self.bar.update(self.task, completed=ended, description=self.text(), refresh=True)

    def __enter__(self) -> Self:
        if self.bar is not None:
            self.bar.start()
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop.set()
        self.thread.join()
        if self.bar is not None:
            self._show()
            self.bar.stop()
