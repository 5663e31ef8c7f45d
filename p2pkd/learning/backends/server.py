"""The process that learns: hears what is to be done, and computes when there is enough of it."""

from __future__ import annotations

import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from p2pkd.core.errors import RunError
from p2pkd.core.garbage import rare_collections
from p2pkd.core.interrupts import INTERRUPTS
from p2pkd.learning.backends.channel import DISTILL, ENCODE, INITIAL, MEAN, MERGE, PREDICT, TRAIN
from p2pkd.learning.compute.memory import keep_freed_memory

# With nothing to hear, so many pending operations are worth computing, or twice as many as agents
# if that is more.
EAGER = 2048


class Told(NamedTuple):
    """A message, as much of it as a learner needs."""

    contents: Any
    at: Any
    sender: int
    made_s: float


class Server:
    """Follows what `p2pkd.learning.backends.remote.RemoteLearner` says, with *learner*.

    *waiting* is 1 while the other process does nothing but wait.
    """

    def __init__(self, learner: Any, connection: Any, waiting: Any) -> None:
        self.learner = learner
        self.connection = connection
        self.values: dict[int, Any] = {}
        values = self.values
        self.eager = max(EAGER, 2 * len(learner.pool_of))
        learner.executor.others = lambda: not waiting.value
        self.follow: dict[int, Callable[[Iterator[Any]], Any]] = {
            INITIAL: lambda said: learner.initial(next(said)),
            TRAIN: lambda said: learner.train(values[next(said)], next(said)),
            DISTILL: self._distill,
            MERGE: self._merge,
            PREDICT: self._predict,
            MEAN: self._mean,
            ENCODE: lambda said: learner.weights(values[next(said)]),
        }

    def run(self) -> None:
        """Follow until the other process is no more."""
        while True:
            if not self.connection.poll() and len(self.learner.pending) >= self.eager:
                self.learner.flush()
            try:
                message = self.connection.recv()
            except (EOFError, ConnectionResetError):
                return
            if isinstance(message, list):
                self.follow_all(message)
            else:
                number, what, of = message
                self.connection.send((number, self._look(what, of)))

    def follow_all(self, batch: list[Any]) -> None:
        """Record the operations of *batch*, and forget what nobody holds any more."""
        values, follow, said = self.values, self.follow, iter(batch)
        for kind in said:
            if kind < 0:
                # Unknown if the other process was interrupted before it said more.
                values.pop(~kind, None)
            else:
                number = next(said)
                values[number] = follow[kind](said)

    def _distill(self, said: Iterator[Any]) -> Any:
        values = self.values
        version, steps, now_s = values[next(said)], next(said), next(said)
        return self.learner.distill(version, self._lessons(said), steps, now_s)

    def _mean(self, said: Iterator[Any]) -> Any:
        version, now_s = self.values[next(said)], next(said)
        return self.learner.mean(version, self._lessons(said), now_s)

    def _predict(self, said: Iterator[Any]) -> Any:
        version, rows = self.values[next(said)], next(said)
        return self.learner.predict(version, rows, exact=next(said))

    def _lessons(self, said: Iterator[Any]) -> list[Told]:
        values, n = self.values, next(said)
        return [Told(values[next(said)], next(said), next(said), next(said)) for _ in range(n)]

    def _merge(self, said: Iterator[Any]) -> Any:
        values = self.values
        version, keeper, n = values[next(said)], next(said), next(said)
        parts = [(values[next(said)], next(said)) for _ in range(n)]
        return self.learner.merge(version, parts, keeper)

    def _look(self, what: str, of: Any) -> Any:
        known = self._known(of)
        if what == "evaluate":  # of several groups of versions
            return self.learner.evaluate(*known)
        return getattr(self.learner, what)(known)

    def _known(self, of: Any) -> Any:
        """Return the version of a number, or those of a list of numbers."""
        return [self._known(i) for i in of] if isinstance(of, list) else self.values[of]


def serve(make: Callable[[], Any], connection: Any, others: Sequence[Any], waiting: Any) -> None:
    """Be the process that learns: make a learner and follow what *connection* says.

    *others* are the other process's ends of all lines that there are, closed here so that its end
    is noticed, here and there.
    """
    for other in others:
        other.close()
    # Ctrl-C is for the other process, which still wants a last look.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What the other process does upon those is not for this one, which is to end.
    for number in INTERRUPTS - {signal.SIGINT}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
    # In a new thread: OpenMP's threads did not come along, and only a new one will not miss them.
    thread = threading.Thread(target=_serve, args=(make, connection, waiting))
    thread.start()
    thread.join()


def _serve(make: Callable[[], Any], connection: Any, waiting: Any) -> None:
    try:
        keep_freed_memory()
        learner = make()
        connection.send((0, learner.describe()))
        with rare_collections():
            Server(learner, connection, waiting).run()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the other process is no more
    except Exception as error:
        connection.send(_portable(error))


def _portable(error: Exception) -> Exception:
    """Return *error*, or what stands for it if it cannot be sent, with where it happened."""
    where = f"in the process that learns:\n{''.join(traceback.format_exception(error))}"
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RunError(f"{type(error).__name__}: {error}")
    error.add_note(where)
    return error
