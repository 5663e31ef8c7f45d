"""Messages on whole scenarios' links: alone, together, with windows, slow start, shared lines."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from p2pkd.core.records import MessageRecord
from p2pkd.verify.check import Check, exact
from p2pkd.verify.observed import (
    DOWNLINK,
    LATENCY_S,
    UPLINK,
    WEIGHTS_BYTES,
    observe,
    talking,
)

FAST = {"uplink": "1 MB/s", "downlink": "2 MB/s"}


def alone(*, fast: bool) -> Iterator[Check]:
    """A message on idle links: L + S / min(U, D), and L where there is no bandwidth."""
    law = "one message of a scenario, seconds"
    slow = LATENCY_S + WEIGHTS_BYTES / min(UPLINK, DOWNLINK)
    for transport, expected in (("fair", slow), ("fifo", slow), ("instant", LATENCY_S)):
        yield exact(law, transport, expected, _first(links={"transport": transport}))
    expected = LATENCY_S + WEIGHTS_BYTES / 500
    for narrow, wide in (("uplink", "downlink"), ("downlink", "uplink")):
        links = {narrow: "500 B/s", wide: "4 kB/s"}
        yield exact(law, f"links.{narrow} before the device's", expected, _first(links=links))


def together(*, fast: bool) -> Iterator[Check]:
    """A hub and four leaves tell each other at once: one after another, or all in equal shares."""
    law = "messages of a hub and four leaves, seconds"
    size, n = WEIGHTS_BYTES, 4
    up, down = size / UPLINK, size / DOWNLINK
    gossip = {"fanout": "all"}
    for transport in ("fifo", "fair"):
        values = talking(
            5, 9.0, topology="star", links={"transport": transport}, method={"gossip": gossip}
        )
        messages = observe(values).messages
        out = sorted(m.ended_s for m in messages if m.sender == 0)
        back = sorted(m.ended_s for m in messages if m.receiver == 0)
        for k in range(n):
            # The last byte of number k leaves after k + 1 times S / U, and comes in twice as long.
            sent = k * up + down if transport == "fifo" else n * up
            heard = (k + 1) * down if transport == "fifo" else n * down
            yield exact(law, f"{transport}, out of the hub, {k + 1}", LATENCY_S + sent, out[k])
            yield exact(law, f"{transport}, to the hub, {k + 1}", LATENCY_S + heard, back[k])


def window(*, fast: bool) -> Iterator[Check]:
    """No flow is faster than a window a round trip."""
    law = "window of a round trip, seconds"
    for size, limit in ((1000.0, 1000 / (2 * LATENCY_S)), (1e6, 1e6)):
        links = {**FAST, "header": "40 kB", "window": f"{size!r} B"}
        expected = LATENCY_S + (WEIGHTS_BYTES - 64 + 40_000) / limit
        yield exact(law, f"window {size:g} B", expected, _first(links=links))


def slow_start(*, fast: bool) -> Iterator[Check]:
    """The idle parts of K - 1 round trips, while windows are too small to fill the pipe."""
    law = "slow start, seconds"
    rate = 1e6
    for size in (10_000, 14_600, 14_601, 60_000, 300_000, 3_000_000):
        header = size - (WEIGHTS_BYTES - 64)
        k = math.ceil(round(math.log2(size / 14_600 + 1), 9))
        idle = [2 * LATENCY_S - 14_600 * 2**i / rate for i in range(k - 1)]
        expected = LATENCY_S + sum(max(0.0, each) for each in idle) + size / rate
        links = {**FAST, "header": f"{header} B", "slow_start": True}
        yield exact(law, f"{size} B, {k} windows", expected, _first(links=links))


def shared(*, fast: bool) -> Iterator[Check]:
    """Lines that many transfers cross: a backbone, a site's line, the edges of a graph."""
    law = "shared lines, seconds"
    core = [{"name": "backbone", "rate": "2 kB/s"}]
    first = _first(5, links={**FAST, "core": core})
    yield exact(law, "five messages on a backbone", LATENCY_S + 5 * WEIGHTS_BYTES / 2e3, first)
    # Agent 0 behind a line of its own: what it tells three others, and what they tell it.
    site = {"name": "site", "rate": "1 kB/s", "agents": [0]}
    gossip = {"fanout": "all"}
    values = talking(
        4, 9.0, topology="star", links={**FAST, "core": [site]}, method={"gossip": gossip}
    )
    for way, ends in zip(("out", "in"), _ways(observe(values).messages), strict=True):
        expected = LATENCY_S + 3 * WEIGHTS_BYTES / 1e3
        yield exact(law, f"three messages {way} of a site's line", expected, max(ends))
    yield from _edges(law)


def scaled(*, fast: bool) -> Iterator[Check]:
    """`links.scale` multiplies every delay and every rate, those of core links too."""
    law = "scaled links, seconds"
    for latency, rate in ((2.0, 1.0), (1.0, 0.5), (1.5, 2.0)):
        scale = {"latency": latency, "rate": rate}
        own = latency * LATENCY_S + WEIGHTS_BYTES / (rate * min(UPLINK, DOWNLINK))
        case = f"latency {latency:g}, rate {rate:g}"
        yield exact(law, case, own, _first(links={"scale": scale}))
        narrow = {"uplink": "500 B/s", "downlink": "4 kB/s", "scale": scale}
        own = latency * LATENCY_S + WEIGHTS_BYTES / (rate * 500)
        yield exact(law, f"{case}, narrow uplinks", own, _first(links=narrow))
        core = [{"name": "backbone", "rate": "2 kB/s"}]
        expected = latency * LATENCY_S + 2 * WEIGHTS_BYTES / (2e3 * rate)
        links = {**FAST, "core": core, "scale": scale}
        yield exact(law, f"{case}, backbone", expected, _first(2, links=links))


def _edges(law: str) -> Iterator[Check]:
    """On a line 0 - 1 - 2 of 10 and 4 kB/s everybody tells everybody, over 10 and 30 ms."""
    size = 60_000.0
    graph = {
        "nodes": [{"id": i} for i in range(3)],
        "edges": [
            {"source": 0, "target": 1, "bandwidth": "10 kB/s", "latency": "10 ms"},
            {"source": 1, "target": 2, "bandwidth": "4 kB/s", "latency": "30 ms"},
        ],
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "line.json"
        file.write_text(json.dumps(graph))
        values = talking(
            3,
            90.0,
            topology={"kind": "file", "path": str(file)},
            links={
                "uplink": "1 GB/s",
                "downlink": "1 GB/s",
                "along_edges": True,
                "header": f"{size - WEIGHTS_BYTES + 64!r} B",
                "latency": {"value": "20 ms"},
            },
            method={"gossip": {"fanout": "all", "peers": "anyone", "every": "80 s"}},
        )
        ends = {(m.sender, m.receiver): m.ended_s for m in observe(values).messages[:6]}
    # Two flows on the narrow edge get 2 kB/s each, and leave 8 kB/s of the wide one to 0 -> 1;
    # times are apart by some hundredths of a second, in which fewer flows share.
    for (a, b), expected in _line(size).items():
        yield exact(law, f"along edges, {a} -> {b}", expected, ends[a, b])


def _line(size: float) -> dict[tuple[int, int], float]:
    """Return when messages of *size* bytes over the line arrive, phase by phase."""
    # From 0: 0 -> 1 joins at 10 ms, 0 -> 2 at 20 ms (the scenario's latency), 1 -> 2 at 30 ms.
    # Until 30 ms, 0 -> 2 has the narrow edge's 4 kB/s; then both have 2 kB/s, to its end.
    ahead = 4e3 * 0.01
    zero_two = 0.03 + (size - ahead) / 2e3
    one_two = zero_two + ahead / 4e3
    # 0 -> 1 has 10 kB/s until 20 ms, 6 until 30 ms, and 8 from then on.
    zero_one = 0.03 + (size - 10e3 * 0.01 - 6e3 * 0.01) / 8e3
    # From 2 and to 0 it is the same the other way: 2 -> 1 joins at 30 ms, 2 -> 0 at 20 ms.
    return {
        (0, 1): zero_one,
        (0, 2): zero_two,
        (1, 2): one_two,
        (1, 0): zero_one,
        (2, 0): zero_two,
        (2, 1): one_two,
    }


def _first(n: int = 2, **sections: Any) -> float:
    """Return how long the first message takes."""
    message = observe(talking(n, 9.0, **sections)).messages[0]
    return message.ended_s - message.sent_s


def _ways(messages: list[MessageRecord]) -> tuple[list[float], list[float]]:
    return (
        [m.ended_s for m in messages if m.sender == 0],
        [m.ended_s for m in messages if m.receiver == 0],
    )
