"""What chance does to a message on its way: jitter, lost packets, loss."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np

from p2pkd.core.rng import Streams
from p2pkd.scenario.links import LinksSpec


class Hazards:
    """Draws the fate of each transmission, every kind from its sender's own stream.

    *latency* gives the delay of a pair.
    """

    def __init__(
        self, spec: LinksSpec, streams: Streams, latency: Callable[[int, int], float]
    ) -> None:
        self.loss = spec.loss
        self.jitter = spec.jitter
        # TCP finds the packets that are lost, and sends them again, itself.
        self.packets = None if spec.transport == "tcp" else spec.packets
        self.packet_loss = spec.packets.loss if spec.packets is not None else 0.0
        self.ideal = not (spec.loss or spec.jitter or self.packets is not None)
        """Whether no message is ever late or lost as a whole."""
        self.streams = streams
        self.latency = latency
        self._generators: dict[tuple[str, int], np.random.Generator] = {}

    def delay_s(self, sender: int, receiver: int) -> float:
        """Return how much later than its pair's latency a message arrives; may be negative."""
        if not self.jitter:
            return 0.0
        deviation = 2 * self._of("jitter", sender).random() - 1
        return self.jitter * deviation * self.latency(sender, receiver)

    def resent_bytes(self, sender: int, size_bytes: int) -> int:
        """Return how many bytes of a message's packets are sent again because they were lost."""
        packets = self.packets
        if packets is None or not packets.resend or not packets.loss:
            return 0
        n = max(1, ceil(size_bytes / packets.mtu))
        lost = self._of("packets", sender).negative_binomial(n, 1 - packets.loss)
        return round(int(lost) * size_bytes / n)

    def loses_packet(self, source: int, target: int) -> bool:
        """Draw whether a packet from *source* is lost, whatever its *target*."""
        return bool(self._of("packets", source).random() < self.packet_loss)

    def loses(self, sender: int, size_bytes: int) -> bool:
        """Draw whether a message is lost: by itself, or with one of its packets."""
        if self.loss and self._of("loss", sender).random() < self.loss:
            return True
        packets = self.packets
        if packets is None or packets.resend or not packets.loss:
            return False
        n = max(1, ceil(size_bytes / packets.mtu))
        return self._of("packets", sender).random() > (1 - packets.loss) ** n

    def _of(self, purpose: str, sender: int) -> np.random.Generator:
        known = self._generators.get((purpose, sender))
        if known is None:
            known = self._generators[purpose, sender] = self.streams.generator(purpose, sender)
        return known
