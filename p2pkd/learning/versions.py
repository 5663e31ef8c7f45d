"""Lazy values: what an operation will make, or has made.

An operation is reachable only from its product, so when the last holder lets go of a product that
was never computed, it and whatever only it needed are forgotten.  A computed product owns a row of
a pool and gives it back when it dies.
"""

from __future__ import annotations

from typing import Any

from p2pkd.core.interrupts import interrupt_again
from p2pkd.learning.api import Rows
from p2pkd.learning.pools import Pool

INITIAL, TRAIN, DISTILL, MERGE, ENCODE, PREDICT, MEAN = range(7)
KINDS = ("initial", "train", "distill", "merge", "encode", "predict", "mean")
# What makes payloads, and no versions.
TELLING = frozenset({PREDICT, MEAN})


_NONE: frozenset[int] = frozenset()


def level_after(level: int) -> int:
    """Return the first level for a version that needs what is made at *level*: an odd number."""
    return level + 1 | 1


class Version:
    """Parameters and optimiser state of one agent at one time.

    Attributes
    ----------
    row : its row in `pool`; -1 while it is pending.
    level : when it is to be computed, after all that it needs; 0 once it is.
    kind, source, argument : the pending operation, the version it starts from, and its argument.
    steps : gradient steps of this operation.
    updates : gradient steps since the beginning.
    samples, drawn : how many private and reference samples have been drawn before this operation.
    discarded : the messages, by their numbers, that it and its past did not learn from.
    """

    __slots__ = (
        "__weakref__",
        "agent",
        "argument",
        "discarded",
        "drawn",
        "kind",
        "level",
        "pool",
        "row",
        "samples",
        "source",
        "steps",
        "updates",
    )

    def __init__(
        self,
        agent: int,
        pool: Pool,
        kind: int,
        source: Version | None,
        argument: Any,
        steps: int,
        updates: int,
        samples: int,
        drawn: int,
        level: int,
    ) -> None:
        self.agent = agent
        self.pool = pool
        self.row = -1
        self.level = level
        self.kind = kind
        self.source = source
        self.argument = argument
        self.steps = steps
        self.updates = updates
        self.samples = samples
        self.drawn = drawn
        self.discarded: frozenset[int] = _NONE

    def __del__(self) -> None:
        try:
            if self.row >= 0:
                self.pool.free.append(self.row)
        except KeyboardInterrupt:
            interrupt_again()


class Payload:
    """What one version says of reference rows: ``(len(rows), W)`` numbers in a row of `pool`."""

    __slots__ = ("__weakref__", "exact", "level", "number", "pool", "row", "rows", "source")

    kind = PREDICT
    number: int  # how many the agent made before it, where noise is drawn

    def __init__(self, source: Version, pool: Pool, rows: Rows, *, exact: bool = False) -> None:
        self.source: Version | None = source
        self.pool = pool
        self.row = -1
        # Even, and odd for versions: predictions and lessons take turns, in few large groups.
        self.level = (source.level | 1) + 1
        self.rows = rows
        self.exact = exact

    def __del__(self) -> None:
        try:
            if self.row >= 0:
                self.pool.free.append(self.row)
        except KeyboardInterrupt:
            interrupt_again()


class Mean(Payload):
    """What several payloads say together, of the rows of any: one target, not yet sharpened.

    `argument` is what it is made of, and who said it how long ago; *source* is the model of who
    combines them.
    """

    __slots__ = ("argument",)

    kind = MEAN

    def __init__(self, source: Version, pool: Pool, rows: Rows, kept: Any, notes: Any) -> None:
        super().__init__(source, pool, rows)
        self.argument = kept, notes
        self.level = (max(source.level, *[payload.level for payload in kept]) | 1) + 1


class Part:
    """The rows *at* of a payload, positions in it, where a memory keeps part of a message."""

    __slots__ = ("at", "payload", "rows")

    def __init__(self, payload: Payload, at: Rows) -> None:
        self.payload = payload
        self.at = at
        self.rows = payload.rows[at]

    @property
    def pool(self) -> Pool:
        """The payload's table."""
        return self.payload.pool

    @property
    def row(self) -> int:
        """The payload's row in its table."""
        return self.payload.row

    @property
    def level(self) -> int:
        """The payload's level."""
        return self.payload.level
