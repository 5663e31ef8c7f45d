"""What aggregators pass on of predictions, and what they wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import simpy

from p2pkd.engine.message import Contents, Message


class Bundle(NamedTuple):
    """The messages whose combination an aggregator tells.

    On the wire is their mean alone.  Who is told makes it anew from the messages, by the method's
    own rules for teachers: the same numbers, without a second place that knows these rules.
    """

    lessons: tuple[Message, ...]

    @property
    def rows(self) -> Any:
        """The rows that any of the messages is about, ascending."""
        return np.unique(np.concatenate([memo.rows for memo in self.lessons]))


def bundled(answers: Iterable[Message]) -> Bundle:
    """Return *answers* as one bundle; those of other aggregators are opened."""
    lessons: list[Message] = []
    for answer in answers:
        said = answer.contents
        lessons += said.lessons if isinstance(said, Bundle) else (answer,)
    return Bundle(tuple(sorted(lessons, key=lambda memo: memo.sender)))


def as_told(message: Message) -> Contents:
    """Return what *message* said, to be passed on as it is."""
    return Contents(
        message.kind,
        message.contents,
        message.rows,
        size_bytes=message.payload_bytes,
        made_s=message.made_s,
        version=message.version,
    )


class Collection:
    """The answers to one round's questions, until all are there or patience is over."""

    def __init__(self, env: simpy.Environment, patience_s: float) -> None:
        self.asked: set[int] = set()
        self.answers: list[Message] = []
        self.env = env
        self.patience_s = patience_s
        self.gate = env.event()

    def take(self, answer: Message) -> None:
        """Take one in, and let whoever waits go on if it was the last."""
        self.asked.discard(answer.replies_to)
        self.answers.append(answer)
        if not self.asked:
            self._open()

    def wait(self) -> Iterable[simpy.Event]:
        """Return the event to wait for; none where nothing was asked."""
        if not self.asked:
            return ()
        over: Callable[[Any], None] = lambda _: self._open()  # noqa: E731
        self.env.timeout(self.patience_s).callbacks.append(over)
        return (self.gate,)

    def _open(self) -> None:
        if not self.gate.triggered:
            self.gate.succeed()
