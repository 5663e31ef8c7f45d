"""What the network costs: propagation, bandwidth, loss, and how transfers share a link."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.link_options import (
    CoreLinkSpec,
    OutageSpec,
    PacketsSpec,
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

    transport: Literal["fair", "fifo", "instant"] = "fair"
    """`fair`: transfers share links max-min; `fifo`: one after another; `instant`: no bandwidth."""
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
        if self.transport != "fair":
            keys = ("window", "slow_start", "outages", "core", "along_edges")
            given = [key for key in keys if getattr(self, key)]
            if given:
                raise ValueError(f"{', '.join(given)}: only with transport: fair")
        return self
