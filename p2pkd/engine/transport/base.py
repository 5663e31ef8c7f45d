"""What the engine asks of a network, and what it gets back: `Links` in, `Transfer` out.

A transfer is a callback and not a process: `Transport.start` returns at once and calls *done* at
the instant at which the last byte arrives.  Four transports stand behind the same protocol:
`Instant` (no bandwidth), `Fifo` (one after another), `Fair` (links shared max-min) and `Tcp`
(packets in queues).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from simpy import Environment


class Links(Protocol):
    """The access links of *n* nodes, full duplex."""

    @property
    def uplink(self) -> NDArray[np.float64]:
        """Shape ``(n,)``, bytes/s; may be infinite."""

    @property
    def downlink(self) -> NDArray[np.float64]:
        """Shape ``(n,)``, bytes/s; may be infinite."""

    def latency(self, a: int, b: int, /) -> float:
        """Return the one-way propagation delay from *a* to *b* in seconds, fixed for the pair."""


class Transfer:
    """One message on its way from *source* to *target*.

    It is, at the same time, the SimPy event of its own next step (arrival, or the end of its
    propagation).  The loop asks an event for `callbacks` and `_ok` only, and a timeout with a
    closure beside it would make a fifo message half as costly again.
    """

    __slots__ = (
        "callbacks",
        "done",
        "latency_s",
        "live",
        "message",
        "size_bytes",
        "source",
        "started_s",
        "target",
    )

    _ok = True

    resent_bytes = 0
    """What the transport itself has sent again, of a transfer that has arrived."""

    failed = False
    """Whether the transport has given it up, and `done` tells of that."""

    def __init__(
        self,
        source: int,
        target: int,
        size_bytes: float,
        started_s: float,
        latency_s: float,
        done: Callable[[Any], None],
    ) -> None:
        self.source = source
        self.target = target
        self.size_bytes = size_bytes
        self.started_s = started_s
        """When `Transport.start` was called."""
        self.latency_s = latency_s
        """Propagation delay of this message, the extra one included."""
        self.done = done
        self.live = True
        """Whether it is still under way: neither arrived nor aborted."""
        self.message: Any = None
        """Whatever the caller hangs on it; no transport looks at it."""
        self.callbacks: Any = None

    def __repr__(self) -> str:
        state = "live" if self.live else "over"
        return (
            f"<{type(self).__name__} {self.source}->{self.target} "
            f"{self.size_bytes:g} B from {self.started_s:g} s, {state}>"
        )


class Transport(Protocol):
    """Carries messages between nodes in simulated time."""

    @property
    def reentrant(self) -> bool:
        """Whether `start` may be called while *done* is."""

    def start(
        self,
        source: int,
        target: int,
        size_bytes: float,
        done: Callable[[Any], None],
        extra_latency_s: float = 0.0,
    ) -> Transfer:
        """Send *size_bytes* from *source* to *target*, beginning now.

        ``done(transfer)`` is called when the last byte arrives, never before `start` returns.
        *extra_latency_s* is added to the pair's propagation delay.
        """

    def overhead_bytes(self, size_bytes: int) -> int:
        """Return the bytes that the transport adds to a message of *size_bytes*, sent once."""

    def forget(self, node: int) -> None:
        """Close what is open to and from *node*, which has left."""

    def abort(self, transfer: Any) -> None:
        """Stop *transfer* now: its `done` is never called and its links are freed.

        Nothing happens where it is over already.
        """

    def crossed(self, transfer: Any) -> float:
        """Return how many bytes have crossed the sender's uplink by now (or by the abort).

        Those that the transport adds are among them, and those that it sends again.
        """

    def transfers_of(self, node: int) -> list[Transfer]:
        """Return the live transfers that *node* sends or receives, in order of their start.

        Raise `RuntimeError` if the transport was made without ``track=True``.
        """

    def set_rates(self, node: int, uplink: float, downlink: float) -> None:
        """Change the capacities of *node*, in bytes/s, from now on."""


class Roll:
    """The live transfers of each node, in order of their start: who is hit when a node leaves."""

    def __init__(self, n: int) -> None:
        # A dict as an ordered set: removal from the middle in O(1), order of insertion kept.
        self._of: list[dict[Transfer, None]] = [{} for _ in range(n)]

    def add(self, transfer: Transfer) -> None:
        """Enter *transfer* at both of its ends."""
        self._of[transfer.source][transfer] = None
        self._of[transfer.target][transfer] = None

    def remove(self, transfer: Transfer) -> None:
        """Strike *transfer* off at both of its ends."""
        self._of[transfer.source].pop(transfer, None)
        self._of[transfer.target].pop(transfer, None)

    def of(self, node: int) -> list[Transfer]:
        """Return the live transfers of *node*."""
        return list(self._of[node])


def roll_of(roll: Roll | None, node: int) -> list[Transfer]:
    """Return ``roll.of(node)``; raise `RuntimeError` where no roll is kept."""
    if roll is None:
        raise RuntimeError(
            f"transfers_of({node}): this transport keeps no roll; construct it with track=True"
        )
    return roll.of(node)


class Plain:
    """Base of transports that add nothing to a message and remember nothing of a node."""

    def overhead_bytes(self, size_bytes: int) -> int:
        """Return 0."""
        return 0

    def forget(self, node: int) -> None:
        """Do nothing."""


class Timed(Plain):
    """Base of transports that know a message's arrival when it is sent: an event each.

    With *track* a roll is kept of what is under way.
    """

    reentrant = True

    def __init__(self, env: Environment, links: Links, *, track: bool = False) -> None:
        self._env = env
        self._schedule: Any = env.schedule
        self._latency = links.latency
        self._roll = Roll(len(links.uplink)) if track else None
        self._arrival = (self._arrive,)

    def transfers_of(self, node: int) -> list[Transfer]:
        """Return the live transfers of *node*; see `Transport.transfers_of`."""
        return roll_of(self._roll, node)

    def _arrive(self, transfer: Transfer) -> None:
        if transfer.live:
            self._end(transfer)
            transfer.done(transfer)

    def _end(self, transfer: Transfer) -> None:
        transfer.live = False
        if self._roll is not None:
            self._roll.remove(transfer)


def check_rate(name: str, node: int, rate: float, *, zero: bool) -> float:
    """Return *rate*; raise `ValueError` unless it is positive (or 0 where *zero* allows that)."""
    if rate > 0 or (zero and rate == 0):
        return float(rate)
    least = "at least 0" if zero else "above 0"
    raise ValueError(f"{name} of node {node} (={rate} bytes/s) must be {least}")


INFINITE = float("inf")


def bad_size(size_bytes: float) -> ValueError:
    """Return the error about a size that is not a finite number of bytes, 0 or more."""
    return ValueError(f"size_bytes (={size_bytes}) must be finite and at least 0")
