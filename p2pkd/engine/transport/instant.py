"""A network without bandwidth, for tests: a message arrives after its latency alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simpy import Environment

from p2pkd.engine.transport.base import INFINITE, Links, Roll, Transfer, bad_size, roll_of


class Instant:
    """A `Transport` of infinite bandwidth.

    The whole message leaves at once, so `crossed` is its size from the start on.  Messages of no
    latency arrive at the same instant, in order of sending, and still after `start` has returned.
    """

    reentrant = True

    def __init__(self, env: Environment, links: Links, *, track: bool = False) -> None:
        self._env = env
        self._schedule: Any = env.schedule
        self._latency = links.latency
        self._roll = Roll(len(links.uplink)) if track else None
        self._arrival = (self._arrive,)

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

    def _arrive(self, transfer: Transfer) -> None:
        if transfer.live:
            self._end(transfer)
            transfer.done(transfer)

    def _end(self, transfer: Transfer) -> None:
        transfer.live = False
        if self._roll is not None:
            self._roll.remove(transfer)

    def abort(self, transfer: Transfer) -> None:
        """Stop *transfer*; see `Transport.abort`."""
        if transfer.live:
            self._end(transfer)

    def crossed(self, transfer: Transfer) -> float:
        """Return the size of *transfer*: it left at once."""
        return transfer.size_bytes

    def transfers_of(self, node: int) -> list[Transfer]:
        """Return the live transfers of *node*; see `Transport.transfers_of`."""
        return roll_of(self._roll, node)

    def set_rates(self, node: int, uplink: float, downlink: float) -> None:
        """Do nothing: there is no bandwidth to change."""
