"""What chance does to messages: loss, retransmission with back-off, lost packets."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

import numpy as np

from p2pkd.core.records import DELIVERED, LOST, MessageRecord
from p2pkd.verify.check import Check, alike, bounded, exact, sampled
from p2pkd.verify.observed import (
    DOWNLINK,
    LATENCY_S,
    UPLINK,
    WEIGHTS_BYTES,
    observe,
    talking,
)


def loss(*, fast: bool) -> Iterator[Check]:
    """A message is lost with probability p, and has used its links."""
    sent = _messages(fast, loss="30 %")
    lost = [float(m.status == LOST) for m in sent]
    yield sampled("loss of a message", "share lost", 0.3, lost)
    sizes = [m.wire_bytes for m in sent]
    yield from alike("loss of a message", "bytes on the wire", WEIGHTS_BYTES, sizes)


def retransmission(*, fast: bool) -> Iterator[Check]:
    """Sent again after `timeout` x `backoff`^(k - 1), `attempts` times in all."""
    law, p, most = "retransmission", 0.4, 4
    again = {"timeout": "500 ms", "backoff": 3.0, "attempts": most}
    sent = _messages(fast, loss="40 %", retransmit=again, every_s=60)
    for k in range(1, most):
        share = [float(m.attempts == k and m.status == DELIVERED) for m in sent]
        yield sampled(law, f"share delivered at attempt {k}", p ** (k - 1) * (1 - p), share)
    yield sampled(law, "share lost for good", p**most, [float(m.status == LOST) for m in sent])
    for k in range(1, most + 1):
        same = [m for m in sent if m.attempts == k]
        waited = sum(0.5 * 3.0**i for i in range(k - 1))
        spans = [m.ended_s - m.sent_s for m in same]
        yield from alike(law, f"seconds of {k} attempts", k * LATENCY_S + waited, spans)
        sizes = [m.wire_bytes for m in same]
        yield from alike(law, f"bytes of {k} attempts", k * WEIGHTS_BYTES, sizes)


def resent_packets(*, fast: bool) -> Iterator[Check]:
    """Of n packets a negative binomial number is sent again, in bytes and in time."""
    law, q, mtu = "packets sent again", 0.2, 70
    n = ceil(WEIGHTS_BYTES / mtu)
    packets = {"loss": "20 %", "mtu": f"{mtu} B"}
    sent = _messages(fast, packets=packets)
    yield exact(law, "messages lost", 0, sum(m.status != DELIVERED for m in sent))
    # A packet is the n-th part of the message; its bytes are rounded.
    again = np.array([m.retransmitted_bytes for m in sent]) * n / WEIGHTS_BYTES
    mean, variance = n * q / (1 - q), n * q / (1 - q) ** 2
    yield sampled(law, "mean number", mean, again, slack=n / WEIGHTS_BYTES / 2)
    yield sampled(law, "variance", variance, (again - mean) ** 2, slack=0.1)
    odd = np.abs(again - np.rint(again)).max()
    yield bounded(law, "parts of packets", n / WEIGHTS_BYTES / 2 + 1e-9, float(odd))
    late = []
    for m in _messages(True, transport="fair", packets=packets, agents=2):
        size = WEIGHTS_BYTES + m.retransmitted_bytes
        late.append(m.ended_s - m.sent_s - LATENCY_S - size / min(UPLINK, DOWNLINK))
    yield bounded(law, "seconds beside L + (S + resent) / min(U, D)", 1e-9, max(map(abs, late)))


def lost_packets(*, fast: bool) -> Iterator[Check]:
    """Without resending, a message is lost with any of its packets."""
    q, mtu = 0.1, 70
    expected = 1 - (1 - q) ** ceil(WEIGHTS_BYTES / mtu)
    sent = _messages(fast, packets={"loss": "10 %", "mtu": f"{mtu} B", "resend": False})
    lost = [float(m.status == LOST) for m in sent]
    yield sampled("packets not sent again", "share of messages lost", expected, lost)


def _messages(
    fast: bool, *, agents: int = 20, every_s: float = 10.0, transport: str = "instant", **links: Any
) -> list[MessageRecord]:
    """Return all messages of agents who tell one other each, round after round."""
    rounds = 60 if fast else 600
    values = talking(
        agents,
        every_s * rounds - 1,
        links={"transport": transport, **links},
        method={"gossip": {"every": f"{every_s} s", "peers": "anyone"}},
    )
    return observe(values).messages
