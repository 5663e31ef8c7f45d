"""What the network costs: propagation, bandwidth, loss, and how transfers share a link."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.link_options import (
    LEAST_QUEUE_BYTES,
    ConnectionsSpec,
    CoreLinkSpec,
    NewConnections,
    OutageSpec,
    PacketsSpec,
    Queue,
    QueueDepth,
    RateTableSpec,
    ScaleSpec,
    VariationSpec,
)
from p2pkd.scenario.quantities import (
    Duration,
    Header,
    Period,
    Rate,
    Share,
    Sigma,
    Unit,
    whole,
)

# By option, the transports that have it.
NEEDS: dict[str, tuple[str, ...]] = {
    "window": ("fair",),
    "slow_start": ("fair",),
    "core": ("fair",),
    "along_edges": ("fair",),
    "outages": ("tcp", "fair"),
    "connections": ("tcp",),
    "queue": ("tcp",),
    "congestion": ("tcp",),
}


class LatencySpec(Family, root=True):
    """One-way propagation delay of a pair, drawn once and kept for the whole run."""

    plural = "latencies"


class ConstantLatency(LatencySpec):
    """The same delay between all pairs."""

    kind: Literal["constant"] = "constant"
    value: Duration


class UniformLatency(LatencySpec):
    """Uniform between `low` and `high`."""

    kind: Literal["uniform"] = "uniform"
    low: Duration
    high: Duration

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must not be more than high")
        return self


class LognormalLatency(LatencySpec):
    """Log-normal with the given `median` and the deviation `sigma` of its logarithm."""

    kind: Literal["lognormal"] = "lognormal"
    median: Period
    sigma: Sigma = 0.5


class DistanceLatency(LatencySpec):
    """Proportional to the distance between two nodes' positions, plus a fixed part.

    Positions come from the topology: random geometric (unit square), grid (unit steps), a file
    with coordinates, topohub (kilometres).
    """

    kind: Literal["distance"] = "distance"
    per_unit: Duration
    """Delay across one unit of distance (for topohub, a kilometre)."""
    base: Duration = 0.0


class MatrixLatency(LatencySpec):
    """Delays measured between real hosts, in a square matrix (text, `.gz` or not).

    Hosts are drawn from the matrix without replacement where it is large enough; agents on one
    host are as far apart as that host and its nearest.
    """

    kind: Literal["matrix"] = "matrix"
    path: str
    unit: Literal["s", "ms", "us"] = "ms"
    """Of the numbers in the file."""
    measured: Literal["round_trip", "one_way"] = "round_trip"
    """`round_trip`: half of it is the delay, and directions are averaged; `one_way`: line i has the
    delays from host i, which may differ by direction."""


class RetransmitSpec(Spec):
    """Resend a lost message after a time-out, that grows with each attempt."""

    timeout: Period = 1.0
    attempts: Annotated[int, whole(1, 100)] = 5
    """Transmissions at most, the first included."""
    backoff: Annotated[float, Field(ge=1, le=100)] = 2.0


class LinksSpec(Spec):
    """The network between the agents."""

    transport: Literal["tcp", "fair", "fifo", "instant"] = "tcp"
    """`tcp`: packets in queues, as Linux sends them; `fair`: transfers share links max-min; `fifo`:
    one after another; `instant`: no bandwidth."""
    latency: LatencySpec = ConstantLatency(value="20 ms")
    uplink: Rate | None = None
    """Overrides the devices' own uplinks."""
    downlink: Rate | None = None
    table: RateTableSpec | None = None
    """Takes both rates from measurements instead."""
    scale: ScaleSpec = ScaleSpec()
    """Makes the whole network slower or faster."""
    jitter: Share = 0.0
    """Each message's delay is uniform around its pair's, up to this share less or more."""
    loss: Share = 0.0
    """Probability that a message is lost on its way, each time it is sent."""
    retransmit: RetransmitSpec | None = None
    header: Header = 64.0
    """Bytes of every message beside its payload."""
    packets: PacketsSpec | None = None
    connections: ConnectionsSpec = NewConnections()
    queue: Queue = QueueDepth(0.1, LEAST_QUEUE_BYTES)
    """What fits in the queue before an access link, "100 ms" or "48 kB"; what does not is dropped
    (`tcp`).  A time is of the link's rate, and at least 32 packets."""
    congestion: Literal["cubic", "reno"] = "cubic"
    """What a sender does about losses (`tcp`)."""
    window: Unit | None = None
    """TCP's largest window: a transfer never exceeds ``window / 2 L``, such as 4 MiB (`fair`)."""
    slow_start: bool = False
    """TCP begins with ten segments and doubles each round trip (`fair`)."""
    outages: tuple[OutageSpec, ...] = ()
    variation: VariationSpec | None = None
    core: tuple[CoreLinkSpec, ...] = ()
    """Links that transfers share beside the access links (`fair`)."""
    along_edges: bool = False
    """Transfers share the `bandwidth` of the graph's edges along shortest paths (`fair`)."""

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if self.table is not None and (self.uplink or self.downlink):
            raise ValueError("give either table or uplink and downlink")
        given = [key for key in NEEDS if self.transport not in NEEDS[key] and self._asks(key)]
        if given:
            told = [f"{key}: only with transport: {' or '.join(NEEDS[key])}" for key in given]
            raise ValueError("; ".join(told))
        if self.transport == "tcp" and self.packets is not None:
            self._packets_suit(self.packets)
        return self

    def _asks(self, key: str) -> bool:
        return bool(getattr(self, key) != type(self).model_fields[key].default)

    def _packets_suit(self, packets: PacketsSpec) -> None:
        """Raise ValueError where `tcp` has packets of its own kind."""
        default = type(packets).model_fields["mtu"].default
        if packets.mtu != default:
            raise ValueError("packets.mtu: transport tcp has segments of 1,448 bytes; leave it out")
        if not packets.resend:
            raise ValueError("packets.resend: transport tcp sends again what is lost; leave it out")
