"""From a scenario's links to a transport."""

from __future__ import annotations

from collections.abc import Callable

import simpy

from p2pkd.engine.transport import Fair, Fifo, Instant, Links, SharedLinks, Tcp, Transport
from p2pkd.engine.transport.packets.congestion import Congestion, Reno
from p2pkd.engine.transport.packets.cubic import Cubic
from p2pkd.engine.transport.packets.transport import QueueLimit
from p2pkd.scenario.link_options import KeptConnections
from p2pkd.scenario.links import LinksSpec

CONGESTION: dict[str, Callable[[], Congestion]] = {"cubic": Cubic, "reno": Reno}


def make_transport(
    spec: LinksSpec,
    env: simpy.Environment,
    links: Links,
    shared: SharedLinks | None = None,
    loses_packet: Callable[[int, int], bool] | None = None,
    *,
    track: bool,
) -> Transport:
    """Return the transport that *spec* names; *track* where nodes may leave.

    *shared* are the links that transfers share beside the access links, for `Fair`; *loses_packet*
    draws whether a packet from one node to another is lost, for `Tcp`.
    """
    if spec.transport == "instant":
        return Instant(env, links, track=track)
    if spec.transport == "fifo":
        return Fifo(env, links, track=track)
    if spec.transport == "tcp":
        return _tcp(spec, env, links, loses_packet, track=track)
    return Fair(
        env,
        links,
        shared,
        track=track,
        window_bytes=spec.window,
        slow_start=spec.slow_start,
    )


def _tcp(
    spec: LinksSpec,
    env: simpy.Environment,
    links: Links,
    loses_packet: Callable[[int, int], bool] | None,
    *,
    track: bool,
) -> Tcp:
    kept = spec.connections.idle if isinstance(spec.connections, KeptConnections) else None
    return Tcp(
        env,
        links,
        track=track,
        queue=QueueLimit(spec.queue.seconds, spec.queue.size_bytes),
        congestion=CONGESTION[spec.congestion],
        kept_s=kept,
        lose=loses_packet if spec.packets is not None and spec.packets.loss else None,
    )
