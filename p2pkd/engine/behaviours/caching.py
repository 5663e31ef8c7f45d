"""Servers and members that keep what was said of a row for some rounds (SCARLET).

Azuma et al., "Soft-label caching and sharpening for communication-efficient federated distillation"
(2025).  Each round is about some rows.  The server asks for those alone of which it has no target
that is young enough, and tells all members their means, which all keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2pkd.engine.agent import Steps
from p2pkd.engine.behaviours.aggregator import AggregatorAgent
from p2pkd.engine.behaviours.member import MemberAgent
from p2pkd.engine.device import Device
from p2pkd.engine.message import REQUEST, Contents, Message
from p2pkd.engine.shared import Shared
from p2pkd.gossip.peers.base import Draws
from p2pkd.knowledge.codecs import ROW_ID_BYTES
from p2pkd.knowledge.memory.rows import Excerpt, LatestPerRow
from p2pkd.world.hierarchy import Hierarchy
from p2pkd.world.memory import FLOAT_BYTES

Rows = NDArray[np.int64]
# Of each row of a round it is told whether its target is new, is new again, or is to be kept.
SIGNAL_BITS = 2


class Target(NamedTuple):
    """The means of one round, as everybody remembers them; `message` is the round's number."""

    contents: Any
    rows: Rows
    sender: int
    made_s: float
    message: int


class Update(NamedTuple):
    """What all are told: the targets that are new, if any, and which rows the round is about."""

    target: Target | None
    rows: Rows


def lessons_of(memory: Any, rows: Rows, now_s: float) -> tuple[Excerpt, ...]:
    """Return what *memory* has of *rows*, a lesson for each round that it is from."""
    lessons = []
    for excerpt in memory.read(now_s):
        here = np.isin(excerpt.rows, rows)
        if here.any():
            lessons.append(Excerpt(excerpt.memo, excerpt.at[here]))
    return tuple(lessons)


def update_bytes(new: int, rows: int, n_reference: int, width: int) -> int:
    """Return the size of an update: row ids (unless the round is about all), signals, targets."""
    ids = ROW_ID_BYTES * rows if rows < n_reference else 0
    return ids + -(-SIGNAL_BITS * rows // 8) + FLOAT_BYTES * new * width


class CachingServer(AggregatorAgent):
    """Asks for what is missing or expired; what it learns from itself is what all have."""

    __slots__ = ("cache", "composer", "round", "since")

    def __init__(
        self, agent: int, shared: Shared, device: Device, hierarchy: Hierarchy, draws: Draws
    ) -> None:
        super().__init__(agent, shared, device, hierarchy, draws)
        composer: Any = shared.composer
        self.composer = composer
        self.cache: Any = LatestPerRow().build()
        self.round = 0
        # The round that each row's target is from.
        self.since = np.full(composer.n_reference, -np.inf)

    def _round(self) -> Steps:
        number, self.round = self.round, self.round + 1
        rows = self.composer.rows_of(number)
        missing = rows[number - self.since[rows] >= self.protocol.cache]
        answers = yield from self._collect(self._request(missing))
        target = None
        if answers and len(missing):
            yield from self._combine(answers)
            now_s = self.shared.env.now
            mean = self.shared.learner.mean(self.version, answers, now_s)
            target = Target(mean, missing, self.agent, now_s, number)
            self.cache.store(target)
            self.since[missing] = number
        self._pass_on(self._update(target, rows))
        yield from self._follow(lessons_of(self.cache, rows, self.shared.env.now))

    def _request(self, rows: Rows) -> Contents:
        """Return the question about *rows*, named one by one unless they are all or none."""
        every = len(rows) == self.composer.n_reference
        return Contents(REQUEST, None, rows, size_bytes=0 if every else ROW_ID_BYTES * len(rows))

    def _update(self, target: Target | None, rows: Rows) -> Contents:
        new = rows[:0] if target is None else target.rows
        composer, now_s = self.composer, self.shared.env.now
        size = update_bytes(len(new), len(rows), composer.n_reference, composer.mean_width)
        return Contents(composer.kind, Update(target, rows), new, size_bytes=size, made_s=now_s)


class CachingMember(MemberAgent):
    """Keeps the newest target of each row, and learns from those that a round is about."""

    __slots__ = ("cache",)

    def __init__(self, agent: int, shared: Shared, device: Device) -> None:
        super().__init__(agent, shared, device)
        self.cache: Any = LatestPerRow().build()

    def stop(self, *, resumes: bool, keeps_memory: bool) -> None:
        """Go offline, and forget the targets where the scenario says so."""
        super().stop(resumes=resumes, keeps_memory=keeps_memory)
        if not keeps_memory:
            self.cache.clear()

    def _understood(self, message: Message) -> tuple[Any, ...]:
        update: Update = message.contents
        if update.target is not None:
            self.cache.store(update.target)
        return lessons_of(self.cache, update.rows, self.shared.env.now)

    def _reply(self, message: Message) -> tuple[Contents, Iterable[Any]]:
        shared, rows = self.shared, message.rows
        composer: Any = shared.composer
        said = composer.about(rows, self.agent, self.version, self.updates, shared.env.now)
        if not len(rows):
            return said, ()
        flops = len(rows) * shared.flops_forward[self.agent]
        return said, self._hold("predict", flops, 0, 0, float("nan"))
