"""The learner in a process of its own: the event loop says what is to be done, and goes on.

What is said is a flat list of numbers: an operation's kind (see
`p2pkd.learning.backends.channel`), the number of its product, and its operands; and ``~number`` for
a product that nobody holds any more.  `p2pkd.learning.backends.server` is the other side.
"""

from __future__ import annotations

import itertools
import multiprocessing
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.interrupts import INTERRUPTS, interrupt_again
from p2pkd.learning.api import Evaluation, Excerpted, Lesson, Rows
from p2pkd.learning.backends.channel import (
    DISTILL,
    ENCODE,
    INITIAL,
    MEAN,
    MERGE,
    PREDICT,
    TRAIN,
    Channel,
)
from p2pkd.learning.backends.server import serve
from p2pkd.learning.recipe import Recipe

# Operations after which what was said is handed over.
BATCH = 1024

_FORK: Any = multiprocessing.get_context("fork" if sys.platform != "win32" else "spawn")
# One process is forked at a time, and knows this process's ends of all lines, its own and others'.
_FORKING = threading.Lock()
_ENDS: weakref.WeakSet[Any] = weakref.WeakSet()


class Handle:
    """Stands for a version, or a payload, of the other process; gone there soon after here."""

    __slots__ = ("_say", "number")

    def __init__(self, number: int, say: Callable[[int], None]) -> None:
        self.number = number
        self._say = say

    def __del__(self) -> None:
        try:
            self._say(~self.number)
        except KeyboardInterrupt:
            interrupt_again()


class RemoteLearner:
    """Does as `p2pkd.learning.learner.DeferredLearner` does, on another core.

    It records nothing and computes nothing: only a look waits.  *make* returns the learner that
    does, and is called in the other process, which sees this one's memory as it is now.  Whatever
    is wrong there is raised here, at the next look.
    """

    def __init__(self, make: Callable[[], Any], recipe: Recipe) -> None:
        waiting = _FORK.RawValue("b", 0)
        self.process, connection = _forked(make, waiting)
        self._end = weakref.finalize(self, self.process.kill)
        # Extended by a whole operation at a time: whoever cuts it, cuts it between operations.
        said: list[Any] = []
        self._extend, self._append = said.extend, said.append
        self._channel = Channel(connection, said, waiting, self.process)
        self._numbers = itertools.count()
        codec = recipe.codec
        self._sends_itself = (codec is None or codec.lossless) and not recipe.proxied
        self._partial = recipe.partial
        self._described: dict[str, Any] = self._channel.answer(0)

    # -- saying what is to be done ---------------------------------------------------------------

    def _product(self) -> Handle:
        """Return the handle of what the operation now to be said will make."""
        number = next(self._numbers)
        if not number % BATCH:
            self._channel.hand_over()
        return Handle(number, self._append)

    def initial(self, agent: int) -> Handle:
        """Return the version with which *agent* begins."""
        product = self._product()
        self._extend((INITIAL, product.number, agent))
        return product

    def train(self, version: Handle, steps: int) -> Handle:
        """Return *version* after *steps* cross-entropy steps on its agent's private rows."""
        if steps == 0:
            return version
        product = self._product()
        self._extend((TRAIN, product.number, version.number, steps))
        return product

    def distill(
        self, version: Handle, lessons: Sequence[Lesson], steps: int, now_s: float = 0.0
    ) -> Handle:
        """Return *version* after *steps* steps towards the targets that *lessons* make.

        *now_s* is from when the ages of the lessons count.
        """
        if steps == 0 or not lessons:
            return version
        product = self._product()
        said: list[Any] = [DISTILL, product.number, version.number, steps, now_s, len(lessons)]
        for lesson in lessons:
            at = cast(Excerpted, lesson).at if self._partial else None
            said += (lesson.contents.number, at, lesson.sender, lesson.made_s)
        self._extend(said)
        return product

    def merge(
        self, version: Handle, parts: Sequence[tuple[Handle, float]], keeper: int = -1
    ) -> Handle:
        """Return *version* with the weighted sum of *parts* as parameters."""
        product = self._product()
        said: list[Any] = [MERGE, product.number, version.number, keeper, len(parts)]
        for part, share in parts:
            said += (part.number, share)
        self._extend(said)
        return product

    def predict(self, version: Handle, rows: Rows, *, exact: bool = False) -> Handle:
        """Return the payload of *version*'s predictions on the reference rows *rows*."""
        product = self._product()
        self._extend((PREDICT, product.number, version.number, rows, exact))
        return product

    def mean(self, version: Handle, lessons: Sequence[Lesson], now_s: float = 0.0) -> Handle:
        """Return the payload of what *lessons* say together."""
        product = self._product()
        said: list[Any] = [MEAN, product.number, version.number, now_s, len(lessons)]
        for lesson in lessons:
            said += (lesson.contents.number, None, lesson.sender, lesson.made_s)
        self._extend(said)
        return product

    def weights(self, version: Handle) -> Handle:
        """Return the payload of *version*'s parameters: itself, if transmission loses nothing."""
        if self._sends_itself:
            return version
        product = self._product()
        self._extend((ENCODE, product.number, version.number))
        return product

    # -- looking ---------------------------------------------------------------------------------

    def evaluate(
        self,
        versions: Sequence[Handle],
        servers: Sequence[Handle] = (),
        averaged: Sequence[Handle] = (),
    ) -> Evaluation:
        """Look at *versions*, *servers*' and the mean of *averaged* on the test set."""
        groups = [[version.number for version in part] for part in (versions, servers, averaged)]
        found: Evaluation = self._channel.ask("evaluate", groups)
        return found

    def discarded(self, versions: Sequence[Handle]) -> list[int]:
        """Look at how many messages each of *versions* was told, and did not learn from."""
        found: list[int] = self._channel.ask("discarded", [v.number for v in versions])
        return found

    def parameters(self, version: Handle) -> NDArray[np.float32]:
        """Look at *version*'s parameters, ``(P,)``."""
        found: NDArray[np.float32] = self._channel.ask("parameters", version.number)
        return found

    def resolve(self, payload: Handle) -> NDArray[np.float32]:
        """Look at a payload of predictions, ``(R, W)``."""
        found: NDArray[np.float32] = self._channel.ask("resolve", payload.number)
        return found

    def describe(self) -> dict[str, Any]:
        """Return how numbers are computed, for the manifest."""
        return {**self._described, "processes": 2}

    def hurry(self) -> None:
        """Wait no more for a process that is stopped: whoever wants the end has said so once."""
        self._channel.hurry()

    def close(self) -> None:
        """End the other process, whatever it is doing: nobody looks any more."""
        self._end()
        self.process.join()


def _forked(make: Callable[[], Any], waiting: Any) -> tuple[Any, Any]:
    """Return a process that learns with what *make* returns, and this end of the line to it."""
    with _FORKING:
        here, there = _FORK.Pipe()
        _ENDS.add(here)
        # An end that another process keeps open would hide from it that this one has ended.
        process: Any = _FORK.Process(
            target=serve, args=(make, there, list(_ENDS), waiting), daemon=True
        )
        # Until it has made up its mind about signals, it hears none.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        there.close()
    return process, here
