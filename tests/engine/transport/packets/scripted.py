"""A path between two hosts on which the test says what is lost, and what is seen of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from p2pkd.engine.timeline import Timeline
from p2pkd.engine.transport.packets import Tcp
from p2pkd.engine.transport.packets.packet import Ack, Packet, Segment


class TwoHosts:
    """Links of 0 and 1."""

    def __init__(self, rate: float, latency_s: float) -> None:
        self.uplink = self.downlink = np.array([rate, rate])
        self._latency_s = latency_s

    def latency(self, a: int, b: int) -> float:
        return self._latency_s


class Path(Tcp):
    """`Tcp` from 0 to 1 that notes segments and acknowledgements, and loses the *lost* segments.

    A number in *lost* is that of a transmission, counted from 0.
    """

    def __init__(
        self,
        *,
        rate: float = 625_000.0,
        latency_s: float = 0.03,
        lost: tuple[int, ...] = (),
        queue: float = 1e9,
        **more: Any,
    ) -> None:
        self.env = Timeline()
        limits = [queue, queue]
        super().__init__(self.env, TwoHosts(rate, latency_s), queue=(limits, limits), **more)
        self.segments: list[Segment] = []
        self.acks: list[tuple[float, Ack]] = []
        self._lost = lost

    def send(
        self, packet: Packet, source: int, target: int, now: float, *more: float
    ) -> tuple[bool, float]:
        if isinstance(packet, Segment):
            self.segments.append(packet)
            if len(self.segments) - 1 in self._lost:
                return False, more[1]
        if isinstance(packet, Ack):
            self.acks.append((now, packet))
        return super().send(packet, source, target, now, *more)

    def carry(self, *sizes: int) -> list[float]:
        """Send messages of *sizes* on one connection, at once; return when each arrived."""
        arrived: list[float] = []
        self.connection = self.open(0, 1)
        for size in sizes:
            self.send_on(self.connection, size, lambda _: arrived.append(self.env.now))
        self.env.run()
        return arrived
