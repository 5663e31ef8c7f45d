"""What connects the agents: propagation delays of pairs, and access rates of nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import about
from p2pkd.core.remarks import remark
from p2pkd.core.rng import Streams
from p2pkd.scenario.link_options import ScaleSpec
from p2pkd.scenario.links import LinksSpec
from p2pkd.world.devices import DeviceTable
from p2pkd.world.latency import Delay, OneWay, build_delay
from p2pkd.world.rates import access_rates
from p2pkd.world.topology import Topology

CACHED_PAIRS = 1 << 20


@dataclass(frozen=True, eq=False)
class Links:
    """Delays and rates of the network.

    Attributes
    ----------
    uplink, downlink : ``(n,)``, bytes a second.
    """

    uplink: NDArray[np.float64]
    downlink: NDArray[np.float64]
    topology: Topology
    delay: Delay
    scale: ScaleSpec = field(default_factory=ScaleSpec)
    """What delays are multiplied by, and rates that change have to be; those here have been."""
    _known: dict[int, float] = field(default_factory=dict, repr=False)

    def latency(self, a: int, b: int) -> float:
        """Return the one-way delay from *a* to *b*, s: the same at every call.

        An edge's own latency comes first, then the scenario's; any pair has one, neighbours or not.
        It is symmetric unless the graph's or the scenario's delays are not.
        """
        low, high = (a, b) if a < b or self.one_way else (b, a)
        pair = low << 32 | high
        known = self._known.get(pair)
        if known is None:
            if len(self._known) >= CACHED_PAIRS:
                self._known.clear()  # every value can be computed again
            own = self._latency(low, high)
            known = self._known[pair] = self.scale.latency * own
        return known

    def bandwidth(self, a: int, b: int) -> float:
        """Return the rate of edge *a* to *b*, bytes/s; infinite where it has none of its own."""
        if self.topology.bandwidth is None:
            return float("inf")
        own = _edge_value(self.topology, self.topology.bandwidth, a, b)
        return self.scale.rate * (own or float("inf"))

    @cached_property
    def one_way(self) -> bool:
        """Whether delays may differ by direction."""
        return isinstance(self.delay, OneWay) or (
            self.topology.latency_s is not None and self.topology.asymmetric
        )

    def _latency(self, a: int, b: int) -> float:
        if a == b:
            return 0.0
        own = None
        if self.topology.latency_s is not None:
            own = _edge_value(self.topology, self.topology.latency_s, a, b)
        if own is not None:
            return own
        if a > b and not isinstance(self.delay, OneWay):
            a, b = b, a
        return self.delay(a, b)


def build_links(
    spec: LinksSpec, topology: Topology, devices: DeviceTable, streams: Streams, base: Path
) -> Links:
    """Return the links of *spec* over *topology*.

    A rate given in *spec* overrides those of *devices*.  Raise InputError or TraceError if the
    latency cannot be made.
    """
    with about("links.table"):
        up, down = access_rates(spec, devices, streams, base)
    _remark_own(spec, topology)
    with about("links.latency"):
        delay = build_delay(spec.latency, topology, streams, base)
    return Links(
        uplink=spec.scale.rate * up,
        downlink=spec.scale.rate * down,
        topology=topology,
        delay=delay,
        scale=spec.scale,
    )


def _remark_own(spec: LinksSpec, topology: Topology) -> None:
    """Remark where the graph's own delays hold instead of those that the scenario gives."""
    if topology.latency_s is None or "latency" not in spec.model_fields_set:
        return
    which = "all" if np.isfinite(topology.latency_s).all() else "some"
    remark(
        f"links.latency: not used between neighbours on {which} edges of the graph, which gives"
        " them latencies of their own"
    )


def _edge_value(topology: Topology, values: NDArray[np.float64], a: int, b: int) -> float | None:
    at = topology.edge(a, b)
    return None if at is None or np.isnan(values[at]) else float(values[at])
