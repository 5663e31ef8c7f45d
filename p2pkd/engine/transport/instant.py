"""A network without bandwidth, for tests: a message arrives after its latency alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from p2pkd.engine.transport.base import INFINITE, Timed, Transfer, bad_size


class Instant(Timed):
    """A `Transport` of infinite bandwidth.

    The whole message leaves at once, so `crossed` is its size from the start on.  Messages of no
    latency arrive at the same instant, in order of sending, and still after `start` has returned.
    """

    def start(
        self,
        source: int,
        target: int,
        size_bytes: float,
        done: Callable[[Any], None],
        extra_latency_s: float = 0.0,
    ) -> Transfer:
        """Send a message; see `Transport.start`."""
        if not 0 <= size_bytes < INFINITE:
            raise bad_size(size_bytes)
        latency_s = self._latency(source, target) + extra_latency_s
        transfer = Transfer(source, target, size_bytes, self._env.now, latency_s, done)
        transfer.callbacks = self._arrival
        self._schedule(transfer, 1, latency_s)
        if self._roll is not None:
            self._roll.add(transfer)
        return transfer

    def abort(self, transfer: Transfer) -> None:
        """Stop *transfer*; see `Transport.abort`."""
        if transfer.live:
            self._end(transfer)

    def crossed(self, transfer: Transfer) -> float:
        """Return the size of *transfer*: it left at once."""
        return transfer.size_bytes

    def set_rates(self, node: int, uplink: float, downlink: float) -> None:
        """Do nothing: there is no bandwidth to change."""
