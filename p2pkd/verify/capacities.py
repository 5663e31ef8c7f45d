"""Rates that change while messages are on their way: outages, days, radios that sleep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from p2pkd.verify.check import Check, alike
from p2pkd.verify.observed import DOWNLINK, LATENCY_S, WEIGHTS_BYTES, observe, talking

LAW = "changing rates, seconds of a message"
SIZE = 6000.0
"""6 s at the downlink's rate."""


def changes(*, fast: bool) -> Iterator[Check]:
    """Transfers stand still in an outage, and follow the rates of the day or of a trace."""
    alone = LATENCY_S + SIZE / DOWNLINK
    outage = {"at": "2 s", "lasts": "3 s"}
    for who in ({"agents": [1]}, {"share": "50 %"}):
        outages = [{**outage, **who}]
        yield from alike(
            LAW, f"outage of 3 s, {next(iter(who))}", alone + 3, _spans(outages=outages)
        )
    # Parts of 2 s, so the fifth, again at all of the rate, begins at 8 s.
    daily = {"kind": "daily", "factors": [0.5, 1.0, 0.25], "day": "6 s"}
    crossed = DOWNLINK * (0.5 * (2 - LATENCY_S) + 1.0 * 2 + 0.25 * 2 + 0.5 * 2)
    expected = 8 + (SIZE - crossed) / DOWNLINK
    yield from alike(LAW, "daily factors 0.5, 1 and 0.25", expected, _spans(variation=daily))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rates.csv"
        file.write_text("time,uplink,downlink\n0,4,2\n1,4,0.5\n")
        trace = {"kind": "trace", "path": str(file), "unit": "1 kB/s"}
        expected = 1 + (SIZE - 2000 * (1 - LATENCY_S)) / 500
        yield from alike(LAW, "trace of rates", expected, _spans(variation=trace))


def sleeping(*, fast: bool) -> Iterator[Check]:
    """A radio that is on for a share of each period lets through that share of the rate."""
    duty = {"period": "4 s", "share": "30 %", "radio": True}
    # Agents of one group sleep at different times: only one of the two has a duty cycle.
    group = {"memory": "1 GB", "flops": "1 MFLOP/s", "uplink": "2 kB/s", "downlink": "1 kB/s"}
    values = talking(2, 40.0, links=_links(1e6), method={"gossip": {"every": "100 s"}})
    model = {"model": "linear"}
    values["devices"] = [{**group, **model, "duty": duty}, {**group, **model}]
    sizes = [m.wire_bytes for m in observe(values).messages]
    expected = 0.3 * 40 * DOWNLINK
    yield from alike("radio that sleeps", "bytes of 10 periods", expected, sizes)


def _spans(**links: Any) -> list[float]:
    """Return how long each message of the one round takes."""
    once = {"gossip": {"every": "100 s"}}
    values = talking(2, 40.0, links={**_links(SIZE), **links}, method=once)
    return [m.ended_s - m.sent_s for m in observe(values).messages]


def _links(size: float) -> dict[str, Any]:
    # No latency where bytes over whole periods are counted.
    latency = {"kind": "constant", "value": "50 ms" if size == SIZE else "0 s"}
    return {"header": f"{size - WEIGHTS_BYTES + 64!r} B", "latency": latency}
