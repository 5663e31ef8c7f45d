"""Who sent and received how much: kept on its own, so that records can be checked against it."""

from __future__ import annotations


class Books:
    """Counters of one agent, as sender unless said otherwise."""

    __slots__ = (
        "aborted",
        "compute_energy_j",
        "computing_s",
        "delivered",
        "distill_steps",
        "in_flight",
        "lost",
        "payload_bytes",
        "radio_bytes",
        "received",
        "received_bytes",
        "sent",
        "setup_bytes",
        "train_steps",
        "wire_bytes",
    )

    def __init__(self) -> None:
        self.sent = self.delivered = self.lost = self.aborted = self.in_flight = 0
        self.received = self.received_bytes = self.setup_bytes = 0
        self.payload_bytes = self.wire_bytes = self.radio_bytes = 0
        self.train_steps = self.distill_steps = 0
        self.computing_s = self.compute_energy_j = 0.0
