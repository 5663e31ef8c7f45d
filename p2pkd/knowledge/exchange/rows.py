"""Rows: predictions, features, relations, maps; on which reference rows, and how many bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from p2pkd.knowledge.codecs import ROW_ID_BYTES
from p2pkd.knowledge.exchange.base import Exchange, Setting
from p2pkd.knowledge.exchange.contents import Contents
from p2pkd.knowledge.teachers import fact_bytes
from p2pkd.knowledge.teachers.base import ACCURACY
from p2pkd.world.memory import FLOAT_BYTES

Rows = NDArray[np.int64]


class RowExchange(Exchange):
    """Predictions on reference rows."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._prepare(setting, len(setting.data.reference_y), setting.data.known)

    def _prepare(self, setting: Setting, n_reference: int, known: Sequence[Rows] | None) -> None:
        """Fix sizes, for messages about some of *n_reference* rows, of those *known* if given."""
        method, n_classes = setting.method, setting.data.n_classes
        send, learn = method.send, cast(Any, method.learn)
        teachers = method.teachers
        rules: list[Any] = [teachers.weights, *teachers.filters, method.gossip.peers]
        # Who measures its accuracy with each message predicts its private rows too.
        measured = any(ACCURACY in rule.facts for rule in rules)
        self.looks_at = list(setting.private_rows) if measured else []
        self.fact_bytes = fact_bytes(rules, n_classes) + learn.told_bytes
        told: Any = send.knowledge
        self.passes: int = told.passes
        self.period = method.gossip.every
        self.subset = send.subset
        self.streams = setting.streams
        self.n_reference = n_reference
        self.known = known
        most = n_reference if known is None else len(known[0])
        self.n_rows = most if send.rows == "all" else min(send.rows, most)
        if self.n_rows == n_reference:
            self.subset = "fixed"
        self.size_bytes = self._size(send.knowledge, send.codec, n_classes)
        # Labels are told by their numbers, and their mean by a number a class.
        self.codec: Any = send.codec
        self.width: int = told.width(n_classes)
        self.mean_width = n_classes if self.width == 1 else self.width
        self.shared: tuple[int, Rows] = (-1, self._draw("shared-rows", 0))
        self.generators: dict[int, np.random.Generator] = {}

    def _size(self, knowledge: Any, codec: Any, n_classes: int) -> int:
        told = self.subset == "message" or self.known is not None
        ids = ROW_ID_BYTES * self.n_rows if told else 0
        self.extra_bytes = ids + self.fact_bytes
        return self.extra_bytes + int(codec.size_bytes(self.n_rows, knowledge.width(n_classes)))

    def mean_bytes(self, rows: Rows) -> int:
        """Return what a table of means about *rows* takes: single precision, and row ids."""
        ids = ROW_ID_BYTES * len(rows) if len(rows) < self.n_reference else 0
        if self.subset != "message" and self.known is None and len(rows) == self.n_rows:
            ids = 0  # everybody knows which
        return ids + FLOAT_BYTES * len(rows) * self.mean_width

    def samples(self, agent: int) -> int:
        """Return R passes, and the private rows where the accuracy on them is told too."""
        return self.n_rows * self.passes + (self.looks_at[agent] if self.looks_at else 0)

    def lesson_rows(self, agent: int) -> int:
        """Return R."""
        return self.n_rows

    def compose(self, agent: int, version: Any, updates: int, now_s: float) -> Contents:
        """Return predictions on the rows whose turn it is."""
        self.spoken[agent] += 1
        rows = self._rows(agent, now_s)
        payload = self.learner.predict(version, rows)
        return Contents(
            self.kind,
            payload,
            rows,
            size_bytes=self.size_bytes,
            made_s=now_s,
            version=updates,
        )

    def about(self, rows: Rows, agent: int, version: Any, updates: int, now_s: float) -> Contents:
        """Return predictions on *rows*, which who asked knows; none is worth no bytes."""
        if not len(rows):
            return Contents(self.kind, None, rows, made_s=now_s, version=updates)
        self.spoken[agent] += 1
        size = int(self.codec.size_bytes(len(rows), self.width))
        payload = self.learner.predict(version, rows)
        return Contents(self.kind, payload, rows, size_bytes=size, made_s=now_s, version=updates)

    def rows_of(self, turn: int) -> Rows:
        """Return the rows, ascending, that all speak of in their round number *turn*."""
        return self._draw("shared-rows", turn)

    def _rows(self, agent: int, now_s: float) -> Rows:
        if self.known is not None:
            return self._known_rows(self.known[agent], agent, now_s)
        if self.subset == "message":
            rng = self.generators.get(agent)
            if rng is None:
                rng = self.generators[agent] = self.streams.generator("rows", agent)
            return self._pick(rng)
        turn = int(now_s // self.period) if self.subset == "round" else -1
        if turn != self.shared[0]:
            self.shared = (turn, self._draw("shared-rows", turn))
        return self.shared[1]

    def _known_rows(self, known: Rows, agent: int, now_s: float) -> Rows:
        """Return rows among those that *agent* has; whose turn it is, it decides alone."""
        if self.n_rows == len(known):
            return known
        if self.subset == "message":
            rng = self.generators.get(agent)
            if rng is None:
                rng = self.generators[agent] = self.streams.generator("rows", agent)
        else:
            turn = int(now_s // self.period) if self.subset == "round" else 0
            rng = self.streams.generator("known-rows", agent, turn)
        return np.sort(rng.choice(known, self.n_rows, replace=False, shuffle=False))

    def _draw(self, purpose: str, turn: int) -> Rows:
        return self._pick(self.streams.generator(purpose, turn))

    def _pick(self, rng: np.random.Generator) -> Rows:
        if self.n_rows == self.n_reference:
            return np.arange(self.n_reference)
        return np.sort(rng.choice(self.n_reference, self.n_rows, replace=False, shuffle=False))
