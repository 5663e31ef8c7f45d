"""From a scenario's links to a transport."""

from __future__ import annotations

import simpy

from p2pkd.engine.transport import Fair, Fifo, Instant, Links, SharedLinks, Transport
from p2pkd.scenario.links import LinksSpec


def make_transport(
    spec: LinksSpec,
    env: simpy.Environment,
    links: Links,
    shared: SharedLinks | None = None,
    *,
    track: bool,
) -> Transport:
    """Return the transport that *spec* names; *track* where nodes may leave.

    *shared* are the links that transfers share beside the access links, for `Fair`.
    """
    if spec.transport == "instant":
        return Instant(env, links, track=track)
    if spec.transport == "fifo":
        return Fifo(env, links, track=track)
    return Fair(
        env,
        links,
        shared,
        track=track,
        window_bytes=spec.window,
        slow_start=spec.slow_start,
    )
