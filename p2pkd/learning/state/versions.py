"""Lazy values: what an operation will make, or has made.

An operation (`p2pkd.learning.state.operations`) is reachable only from its product, so when the
last holder lets go of a product that was never computed, it and whatever only it needed are
forgotten.  A computed product owns a row of a pool and gives it back when it dies.
"""

from __future__ import annotations

from p2pkd.core.interrupts import interrupt_again
from p2pkd.learning.api import Rows
from p2pkd.learning.state.operations import Mean, Operation, Predict
from p2pkd.learning.state.pools import Pool

_NONE: frozenset[int] = frozenset()


class Version:
    """Parameters and optimiser state of one agent at one time.

    Attributes
    ----------
    row : its row in `pool`; -1 while it is pending.
    level : when it is to be computed, after all that it needs; 0 once it is.
    operation, source : what is pending, and the version that it starts from; None once computed.
    updates : gradient steps since the beginning.
    samples, drawn : how many private and reference samples have been drawn before what comes next.
    discarded : the messages, by their numbers, that it and its past did not learn from.
    """

    __slots__ = (
        "__weakref__",
        "agent",
        "discarded",
        "drawn",
        "level",
        "operation",
        "pool",
        "row",
        "samples",
        "source",
        "updates",
    )

    def __init__(
        self,
        agent: int,
        pool: Pool,
        operation: Operation | None = None,
        source: Version | None = None,
        updates: int = 0,
        samples: int = 0,
        drawn: int = 0,
        level: int = 0,
    ) -> None:
        self.agent = agent
        self.pool = pool
        self.row = -1
        self.level = level
        self.operation = operation
        self.source = source
        self.updates = updates
        self.samples = samples
        self.drawn = drawn
        self.discarded: frozenset[int] = _NONE

    def after(
        self,
        operation: Operation,
        level: int,
        *,
        pool: Pool | None = None,
        steps: int = 0,
        samples: int = 0,
        drawn: int = 0,
    ) -> Version:
        """Return what *operation* will make of this, once what is made at *level* is there.

        It is *steps* gradient steps further, by so many *samples* and *drawn* rows.
        """
        return Version(
            self.agent,
            pool or self.pool,
            operation,
            self,
            self.updates + steps,
            self.samples + samples,
            self.drawn + drawn,
            level + 1 | 1,
        )

    def __del__(self) -> None:
        try:
            if self.row >= 0:
                self.pool.free.append(self.row)
        except KeyboardInterrupt:
            interrupt_again()


class Payload:
    """What one version says of reference rows: ``(len(rows), W)`` numbers in a row of `pool`.

    `source` is the version that says it, or the model of who combines what others said; `operation`
    is as in `Version`.
    """

    __slots__ = ("__weakref__", "level", "operation", "pool", "row", "rows", "source")

    def __init__(
        self, source: Version, pool: Pool, operation: Predict | Mean, level: int = 0
    ) -> None:
        self.source: Version | None = source
        self.pool = pool
        self.row = -1
        self.operation: Predict | Mean | None = operation
        # Even, and odd for versions: predictions and lessons take turns, in few large groups.
        self.level = (max(source.level, level) | 1) + 1
        self.rows: Rows = operation.rows

    def __del__(self) -> None:
        try:
            if self.row >= 0:
                self.pool.free.append(self.row)
        except KeyboardInterrupt:
            interrupt_again()


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
