"""TCP on whole scenarios' links, where windows do not matter and every packet can be counted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from p2pkd.verify.check import Check, exact
from p2pkd.verify.observed import LATENCY_S, WEIGHTS_BYTES, observe, talking

UP, DOWN = 1e6, 2e6
SEGMENT_BYTES, HEADER_BYTES, SYN_BYTES = 1448, 52, 60
"""Payload of a full segment in 1,500 bytes; IP and TCP with time stamps; the first packets."""
WAKE_S = 1e-4
"""From the end of a handshake to the first data."""
_FAST = {"transport": "tcp", "uplink": "1 MB/s", "downlink": "2 MB/s"}
_HANDSHAKE_S = 2 * (SYN_BYTES / UP + LATENCY_S + SYN_BYTES / DOWN)


def alone(*, fast: bool) -> Iterator[Check]:
    """A handshake, then ten segments: 2 L, the bytes with headers at U, L, the last at D."""
    law = "one message over TCP, seconds"
    for size in (300, 1448, 1449, 14_480, 12 * SEGMENT_BYTES):
        first = _seconds(size)[0]
        yield exact(law, f"{size} B, new connection", _HANDSHAKE_S + _crossing(size), first)


def kept(*, fast: bool) -> Iterator[Check]:
    """On a kept connection there is no handshake, and after a time-out without use a new start."""
    law = "messages on a kept connection, seconds"
    size, far_s = 12 * SEGMENT_BYTES, 0.3
    links = {"latency": {"value": f"{far_s} s"}, "connections": "kept"}
    # A time-out is three round trips at first.
    for pause_s, window in ((1.6, 12), (40.0, 10)):
        expected = _crossing(size, far_s, window, wake_s=0.0)
        second = _seconds(size, pause_s, **links)[1]
        yield exact(law, f"again after {pause_s:g} s", expected, second)
    links["connections"] = {"kind": "kept", "idle": "10 s"}
    first, second = _seconds(size, 40.0, **links)[:2]
    yield exact(law, "closed after 10 s", first, second)


def together(*, fast: bool) -> Iterator[Check]:
    """What a hub tells all at once leaves its uplink byte after byte, whoever it is for."""
    law = "the last of a hub's messages over TCP, seconds"
    size = 10 * SEGMENT_BYTES
    for n in (2, 3):
        values = talking(
            n + 1,
            9.0,
            topology="star",
            links={**_FAST, "header": f"{size - WEIGHTS_BYTES + 64} B"},
            method={"gossip": {"fanout": "all", "peers": "uniform"}},
        )
        ends = [m.ended_s for m in observe(values).messages if m.sender == 0]
        # What the leaves tell meanwhile crosses the other way.
        expected = _HANDSHAKE_S + _crossing(size) + (n - 1) * _on_wire(size) / UP
        yield exact(law, f"{n} messages", expected, max(ends), within=2e-3)


def throughput(*, fast: bool) -> Iterator[Check]:
    """A long message has 1448 of each 1500 bytes of its narrowest link, once it has begun."""
    law = "bytes/s of a long message over TCP"
    narrow_ends: tuple[dict[str, Any], ...] = ({"uplink": "50 kB/s"}, {"downlink": "50 kB/s"})
    for links in narrow_ends:
        ends = [_seconds(size, **links)[0] for size in (500_000, 1_000_000)]
        measured = 500_000 / (ends[1] - ends[0])
        expected = 50e3 * SEGMENT_BYTES / (SEGMENT_BYTES + HEADER_BYTES)
        yield exact(law, f"{next(iter(links))} of 50 kB/s", expected, measured, within=1e-3)


def books(*, fast: bool) -> Iterator[Check]:
    """Headers of segments and the sender's half of a handshake are in the books; losses again."""
    law = "bytes of a message over TCP"
    for size in (300, 1449, 100_000):
        message = observe(_one(size)).messages[0]
        expected = size + HEADER_BYTES * math.ceil(size / SEGMENT_BYTES) + SYN_BYTES + HEADER_BYTES
        yield exact(law, f"{size} B", expected, message.wire_bytes)
    share = 0.02
    observed = observe(_one(1_000_000, packets={"loss": share}), seed=3)
    lost = sum(m.retransmitted_bytes for m in observed.messages if m.status == "delivered")
    sent = sum(m.wire_bytes for m in observed.messages if m.status == "delivered")
    n = sent / (SEGMENT_BYTES + HEADER_BYTES)
    yield Check(law, f"share sent again, {share:.0%} lost", share, lost / sent,
                math.sqrt(share / n), 4 * math.sqrt(share / n) + 0.2 * share)  # fmt: skip


def _crossing(
    size: int, latency_s: float = LATENCY_S, window: int = 10, wake_s: float = WAKE_S
) -> float:
    """Return how long *size* bytes take from a handshake on: two queues, one after the other.

    Segments beyond the first *window* leave when the first is acknowledged, two for each.
    """
    n = math.ceil(size / SEGMENT_BYTES)
    sizes = [SEGMENT_BYTES] * (n - 1) + [size - (n - 1) * SEGMENT_BYTES]
    left_s, out_s, answered_s = wake_s, 0.0, 0.0
    for i, payload in enumerate(sizes):
        wire = payload + HEADER_BYTES
        left_s = max(left_s, 0.0 if i < window else answered_s) + wire / UP
        out_s = max(out_s, left_s + latency_s) + wire / DOWN
        if i == 0:
            answered_s = out_s + HEADER_BYTES / UP + latency_s + HEADER_BYTES / DOWN
    return out_s


def _on_wire(size: int) -> int:
    """Return the bytes of the data's segments and of the end of the handshake."""
    return size + HEADER_BYTES * (math.ceil(size / SEGMENT_BYTES) + 1)


def _one(size: int, pause_s: float = 10.0, **links: Any) -> dict[str, Any]:
    """Return a scenario in which two agents tell each other *size* bytes, each at its own time."""
    header = f"{size - WEIGHTS_BYTES + 64} B"
    every = f"{pause_s!r} s"
    return talking(
        2,
        2.5 * pause_s,
        links={**_FAST, "header": header, **links},
        method={"gossip": {"every": every, "clock": "periodic"}},
    )


def _seconds(size: int, pause_s: float = 100.0, **links: Any) -> list[float]:
    """Return how long agent 0's messages of *size* bytes take, one after the other."""
    messages = observe(_one(size, pause_s, **links)).messages
    return [m.ended_s - m.sent_s for m in messages if m.sender == 0]
