"""Who sent and received how much: kept on its own, so that records can be checked against it."""

from __future__ import annotations


class Books:
    """Counters of one agent, as sender unless said otherwise (see `AgentRecord`)."""

    __slots__ = (
        "aborted",
        "compute_energy_j",
        "computing_s",
        "delivered",
        "distill_flops",
        "distill_steps",
        "in_flight",
        "lost",
        "merge_flops",
        "merges",
        "payload_bytes",
        "predict_flops",
        "radio_bytes",
        "received",
        "received_bytes",
        "sent",
        "setup_bytes",
        "train_flops",
        "train_steps",
        "turns",
        "wire_bytes",
    )

    def __init__(self) -> None:
        self.sent = self.delivered = self.lost = self.aborted = self.in_flight = 0
        self.received = self.received_bytes = self.setup_bytes = 0
        self.payload_bytes = self.wire_bytes = self.radio_bytes = 0
        self.turns = self.train_steps = self.distill_steps = self.merges = 0
        self.train_flops = self.distill_flops = self.merge_flops = self.predict_flops = 0.0
        self.computing_s = self.compute_energy_j = 0.0

    @property
    def flops(self) -> float:
        """All that was computed, that of computations cut short included."""
        return self.train_flops + self.distill_flops + self.merge_flops + self.predict_flops

    def computed(self, kind: str, flops: float, steps: int, *, completed: bool) -> None:
        """Take in a computation: its FLOPs in any case, its product if it was completed."""
        if kind == "train":
            self.train_flops += flops
            self.train_steps += steps
        elif kind == "distill":
            self.distill_flops += flops
            self.distill_steps += steps
        elif kind == "merge":
            self.merge_flops += flops
            self.merges += completed
        else:
            self.predict_flops += flops
