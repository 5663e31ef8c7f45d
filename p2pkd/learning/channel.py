"""A line to another process that an interruption cannot leave half a message on."""

from __future__ import annotations

import itertools
import queue
import threading
from contextlib import suppress
from typing import Any

from p2pkd.core.errors import RunError

# How many times the event loop may hand over before the other process has followed.
LEAD = 64
_CLOSE, _ALL = None, True


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
        self._outbox: queue.Queue[Any] = queue.Queue(LEAD)
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        # Threads know the queues and not this object, lest it live as long as they do.
        for work, *line in ((_speak, said, self._outbox), (_listen, self._inbox)):
            threading.Thread(target=work, args=(connection, *line), daemon=True).start()

    def hand_over(self, message: Any = _ALL) -> None:
        """Send what has been said until now, or *message*; wait where too much is under way."""
        try:
            self._outbox.put_nowait(message)
        except queue.Full:
            self._waiting.value = 1
            self._outbox.put(message)
            self._waiting.value = 0

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
            answer = self._inbox.get()
            if answer is _CLOSE:
                self._inbox.put(_CLOSE)
                raise _ended(self._process)
            if isinstance(answer, BaseException):
                raise answer
            if answer[0] == number:
                self._waiting.value = 0
                return answer[1]

    def close(self) -> None:
        """Let the other process end, now that nobody needs it."""
        self._outbox.put(_CLOSE)


def _speak(connection: Any, said: list[Any], outbox: queue.Queue[Any]) -> None:
    """Send what is *said* as *outbox* bids; if nobody listens any more, forget it all the same."""
    open_line = True
    while open_line:
        message = outbox.get()
        open_line = message is not _CLOSE
        if message is _ALL:
            # More may be appended meanwhile; it stays for the next time.
            message = said[:]
            del said[: len(message)]
        with suppress(OSError):
            connection.send(message)


def _listen(connection: Any, inbox: queue.SimpleQueue[Any]) -> None:
    """Put what arrives into *inbox*, and at the end that it is the end."""
    with suppress(EOFError, OSError):
        while True:
            inbox.put(connection.recv())
    inbox.put(_CLOSE)
    connection.close()


def _ended(process: Any) -> RunError:
    """Return the error of a process that is no more."""
    process.join(1)
    code = process.exitcode
    why = "killed, for lack of memory perhaps" if code == -9 else f"exit code {code}"
    return RunError(
        f"the process that learns has ended ({why}); execution.processes: 1 learns in this one"
    )
