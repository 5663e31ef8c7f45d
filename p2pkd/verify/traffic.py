"""Messages of given sizes at given times, sent over a transport of the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import simpy
from numpy.typing import ArrayLike, NDArray

from p2pkd.engine.transport.base import Transport
from p2pkd.engine.transports import make_transport
from p2pkd.scenario.links import LinksSpec


class Sending(NamedTuple):
    """A message of *size_bytes* from *source* to *target* at *time_s*."""

    time_s: float
    source: int
    target: int
    size_bytes: float


@dataclass(frozen=True)
class Platform:
    """Access links in bytes/s, and one latency for all pairs."""

    uplink: NDArray[np.float64]
    downlink: NDArray[np.float64]
    latency_s: float = 0.0

    def latency(self, a: int, b: int) -> float:
        """Return the same delay for every pair."""
        return self.latency_s


def platform(up: ArrayLike, down: ArrayLike, latency_s: float = 0.0) -> Platform:
    """Return a platform with these capacities."""
    return Platform(np.asarray(up, float), np.asarray(down, float), latency_s)


def send(
    env: simpy.Environment,
    carrier: Transport,
    sendings: Sequence[Sending],
    done: Callable[[int], None] = lambda i: None,
) -> list[Any]:
    """Run all *sendings* over *carrier* and return their transfers, in order of their start.

    *done* is called with the index of each message that arrives, when it does.
    """
    transfers: list[Any] = []

    def start(i: int, sending: Sending) -> None:
        _, source, target, size = sending
        transfers.append(carrier.start(source, target, size, lambda _: done(i)))

    def later(i: int, sending: Sending) -> None:
        env.timeout(sending.time_s).callbacks.append(lambda _: start(i, sending))

    for i, sending in enumerate(sendings):
        later(i, sending)
    env.run()
    return transfers


def arrivals(
    transport: Literal["fair", "fifo"], links: Platform, sendings: Sequence[Sending]
) -> list[float]:
    """Return when each message has arrived, in seconds, in the order of *sendings*."""
    env = simpy.Environment()
    carrier = make_transport(LinksSpec(transport=transport), env, links, track=False)
    ends = [float("nan")] * len(sendings)

    def end(i: int) -> None:
        ends[i] = env.now

    send(env, carrier, sendings, end)
    return ends
