"""Messages one after another on each access link: O(1) a message, for very large runs.

A message of S bytes sent at t from an uplink U to a downlink D over a propagation delay L:

    starts  = max(t, free_up)
    departs = starts + S / U
    arrives = max(departs + L, max(starts + L, free_down) + S / D)

and then ``free_up = departs``, ``free_down = arrives``.  Propagation occupies no link.  On idle
links the message arrives at L + S / min(U, D): its bytes are forwarded as they come.

**Downlinks are reserved in order of sending.**  A message books its place at the receiver when
it is sent, behind all that were booked before, even where a later one would reach the receiver
earlier (a shorter latency, an idle sender).  Booking on arrival would cost a second event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simpy import Environment

from p2pkd.engine.transport.base import (
    INFINITE,
    Links,
    Roll,
    Timed,
    Transfer,
    bad_size,
    check_rate,
)


class FifoTransfer(Transfer):
    """A transfer with its bookings."""

    __slots__ = ("arrives_s", "departs_s", "starts_s", "stopped_s")

    starts_s: float
    """When its first byte enters the sender's uplink."""
    departs_s: float
    """When its last byte has left the sender's uplink."""
    arrives_s: float
    """When its last byte arrives."""
    stopped_s: float
    """When it was aborted; infinite if it was not."""


class Fifo(Timed):
    """A `Transport` of first-in first-out access links.

    Keep a roll (*track*) wherever transfers may be aborted: an abort then frees the links back to
    the latest of the bookings that remain.  Messages booked behind the aborted one keep their
    places and times, as nothing is moved.  Without a roll an abort leaves its bookings standing.
    """

    def __init__(self, env: Environment, links: Links, *, track: bool = False) -> None:
        super().__init__(env, links, track=track)
        # Lists of floats: one number out of an array costs three times as much.
        self._up = [_rate("uplink", i, r) for i, r in enumerate(links.uplink)]
        self._down = [_rate("downlink", i, r) for i, r in enumerate(links.downlink)]
        self._free_up = [0.0] * len(self._up)
        self._free_down = [0.0] * len(self._down)

    def start(
        self,
        source: int,
        target: int,
        size_bytes: float,
        done: Callable[[Any], None],
        extra_latency_s: float = 0.0,
    ) -> FifoTransfer:
        """Book both links for a message; see `Transport.start`."""
        if not 0 <= size_bytes < INFINITE:
            raise bad_size(size_bytes)
        now = self._env.now
        latency_s = self._latency(source, target) + extra_latency_s
        starts = max(now, self._free_up[source])
        departs = starts + size_bytes / self._up[source]
        received = max(starts + latency_s, self._free_down[target])
        arrives = max(departs + latency_s, received + size_bytes / self._down[target])
        self._free_up[source] = departs
        self._free_down[target] = arrives

        transfer = FifoTransfer(source, target, size_bytes, now, latency_s, done)
        transfer.starts_s = starts
        transfer.departs_s = departs
        transfer.arrives_s = arrives
        transfer.stopped_s = float("inf")
        transfer.callbacks = self._arrival
        self._schedule(transfer, 1, arrives - now)
        if self._roll is not None:
            self._roll.add(transfer)
        return transfer

    def abort(self, transfer: FifoTransfer) -> None:
        """Stop *transfer* and give back what it booked last; see `Transport.abort`."""
        if not transfer.live:
            return
        self._end(transfer)
        transfer.stopped_s = self._env.now
        if self._roll is not None:
            self._unbook(transfer.source, transfer.target, self._roll)

    def _unbook(self, source: int, target: int, roll: Roll) -> None:
        sent: list[Any] = [t for t in roll.of(source) if t.source == source]
        received: list[Any] = [t for t in roll.of(target) if t.target == target]
        self._free_up[source] = max((t.departs_s for t in sent), default=0.0)
        self._free_down[target] = max((t.arrives_s for t in received), default=0.0)

    def crossed(self, transfer: FifoTransfer) -> float:
        """Return the bytes that have left the sender's uplink; see `Transport.crossed`."""
        until = min(self._env.now, transfer.stopped_s)
        if until >= transfer.departs_s:
            return transfer.size_bytes
        # Here departs > until, so that a span of zero has been answered above or has not begun.
        elapsed = max(0.0, until - transfer.starts_s)
        span = transfer.departs_s - transfer.starts_s
        return transfer.size_bytes * elapsed / span if elapsed else 0.0

    def set_rates(self, node: int, uplink: float, downlink: float) -> None:
        """Change the capacities of *node* for messages that are sent from now on.

        What is booked keeps its times: a fifo message knows its arrival when it is sent.  For the
        same reason a rate of 0 is a `ValueError`; take the node offline instead.
        """
        self._up[node] = _rate("uplink", node, uplink)
        self._down[node] = _rate("downlink", node, downlink)


def _rate(name: str, node: int, rate: float) -> float:
    return check_rate(name, node, rate, zero=False)
