"""A line to another process that an interruption cannot leave half a message on."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from p2pkd.core.errors import RunError
from p2pkd.core.waits import is_stopped, waits_for

# How many times the event loop may hand over before the other process has taken it.
LEAD = 64
# An operation's kind, as one number: what is said is a flat list of numbers.
INITIAL, TRAIN, DISTILL, MERGE, ENCODE, PREDICT, MEAN = range(7)
_CLOSE, _ALL = None, True
_PAUSE_S, _LOOK_S = 0.001, 0.5


class Line:
    """What a channel and its two threads share; the threads live until the line is `over`.

    The queues are those without locks in Python, which an interruption could leave locked.
    """

    def __init__(self, connection: Any, said: list[Any]) -> None:
        self.connection = connection
        self.said = said
        self.outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.sent = 0
        self.over = False

    def speak(self) -> None:
        """Send what is put into the outbox; `_ALL` stands for what has been said until now."""
        try:
            while (message := self.outbox.get()) is not _CLOSE:
                if message is _ALL:
                    # More may be appended meanwhile; it stays for the next time.
                    message = self.said[:]
                    del self.said[: len(message)]
                self.connection.send(message)
                self.sent += 1
        except OSError:
            pass  # the listener notices too, and says so
        except Exception as error:
            self.inbox.put(error)
        finally:
            self.over = True

    def listen(self) -> None:
        """Put what arrives into the inbox, and at the end that it is the end."""
        try:
            while True:
                self.inbox.put(self.connection.recv())
        except (EOFError, OSError):
            pass
        except Exception as error:
            self.inbox.put(error)
        finally:
            self.over = True
            self.inbox.put(_CLOSE)
            self.outbox.put(_CLOSE)


class Channel:
    """Speaks and listens through two threads, for a main thread that Ctrl-C may stop anywhere.

    Parameters
    ----------
    said : what is to be sent: appended to and extended, and emptied by `hand_over`.
    waiting : shared with the other process: 1 while this one does nothing but wait for it.
    """

    def __init__(self, connection: Any, said: list[Any], waiting: Any, process: Any) -> None:
        self._waiting = waiting
        self._process = process
        self._questions = itertools.count(1)
        self._handed = 0
        self._hurried = False
        # Threads know the line and not this object, lest it live as long as they do.
        self._line = line = Line(connection, said)
        for work in (line.speak, line.listen):
            threading.Thread(target=work, daemon=True).start()

    def hand_over(self, message: Any = _ALL) -> None:
        """Send what has been said until now, or *message*; wait where too much is under way.

        Raise what was wrong at the other end, if the line is over.
        """
        line = self._line
        if self._handed - line.sent >= LEAD:
            self._waiting.value = 1
            with self._patience():
                told = time.monotonic()
                while self._handed - line.sent >= LEAD and not line.over:
                    time.sleep(_PAUSE_S)
                    if time.monotonic() - told >= _LOOK_S:
                        told = time.monotonic()
                        self._tell()
            self._waiting.value = 0
        if line.over:
            self.answer(-1)
        self._handed += 1
        line.outbox.put(message)

    def ask(self, what: str, of: Any) -> Any:
        """Return the other's answer; raise what was wrong there."""
        number = next(self._questions)
        self.hand_over()
        self.hand_over((number, what, of))
        return self.answer(number)

    def answer(self, number: int) -> Any:
        """Wait for the answer to question *number*; those to earlier ones nobody waits for."""
        self._waiting.value = 1
        while True:
            try:
                with self._patience():
                    answer = self._line.inbox.get(timeout=_LOOK_S)
            except queue.Empty:
                if self._line.over:
                    raise _ended(self._process) from None
                with self._patience():
                    self._tell()
                continue
            if answer is _CLOSE:
                raise _ended(self._process)
            if isinstance(answer, BaseException):
                raise answer
            if answer[0] == number:
                self._waiting.value = 0
                return answer[1]

    def _tell(self) -> None:
        """Tell what is waited for, and how it could go on where it does not by itself."""
        pid = self._process.pid
        if self._hurried and is_stopped(pid):
            self._process.kill()
            return
        held = f", which is stopped (kill -CONT {pid} lets it go on)" if is_stopped(pid) else ""
        waits_for(f"the process that learns{held}")

    def hurry(self) -> None:
        """From now on, end the other process rather than wait for it while it is stopped."""
        self._hurried = True

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """Wait; upon Ctrl-C, end a process that is stopped and would never answer another look."""
        try:
            yield
        except KeyboardInterrupt:
            if is_stopped(self._process.pid):
                self._process.kill()
            raise


def _ended(process: Any) -> RunError:
    """Return the error of a process that is no more."""
    process.join(1)
    code = process.exitcode
    why = "killed, for lack of memory perhaps" if code == -9 else f"exit code {code}"
    return RunError(
        f"the process that learns has ended ({why}); execution.processes: 1 learns in this one"
    )
