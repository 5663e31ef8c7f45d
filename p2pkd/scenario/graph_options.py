"""How a graph that somebody made elsewhere is to be read."""

from __future__ import annotations

from typing import Literal

from p2pkd.scenario.base import Spec
from p2pkd.scenario.quantities import Period, Rate


class LatencyAttribute(Spec):
    """The attribute of edges that is their one-way latency: the one called `latency`, or another.

    A bare third column of an edge list is called `weight`, as NetworkX calls it.
    """

    attribute: str = "latency"
    unit: Period | None = None
    """What 1 means where values have no unit, such as "1 ms"."""


class BandwidthAttribute(Spec):
    """The attribute of edges that is their bandwidth: the one called `bandwidth`, or another."""

    attribute: str = "bandwidth"
    unit: Rate | None = None
    """What 1 means where values have no unit, such as "1 Mbit/s"."""


class GraphOptions(Spec):
    """What is not in the file itself."""

    latency: LatencyAttribute | None = None
    """Default: the attribute `latency`, whose values have units."""
    bandwidth: BandwidthAttribute | None = None
    """Default: the attribute `bandwidth`, or the Topology Zoo's `LinkSpeedRaw`."""
    ignore: tuple[str, ...] = ()
    """Attributes that look like a latency, a bandwidth or a position and are not to be used."""
    directed: bool | None = None
    """Whether each edge is about one direction; default: as the file says.  A direction that is
    not there is like the other."""
    repeated: Literal["refuse", "first"] = "refuse"
    """What to do with an edge that is there again with another latency or bandwidth."""
    names: Literal["id", "label"] | None = None
    """What nodes are called by; default: their ids, in GML their labels."""
