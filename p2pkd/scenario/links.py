"""What the network costs: propagation, bandwidth, loss, and how transfers share a link."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.quantities import Count, Duration, Period, Rate, Share, Size


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
    sigma: Annotated[float, Field(ge=0)] = 0.5


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
    """Half of the round-trip times in a square matrix (text or `.gz`, milliseconds).

    Hosts are drawn from the matrix without replacement where it is large enough; agents on one
    host are as far apart as that host and its nearest.
    """

    kind: Literal["matrix"] = "matrix"
    path: str


class RetransmitSpec(Spec):
    """Resend a lost message after a time-out, that grows with each attempt."""

    timeout: Period = 1.0
    attempts: Count = 5
    """Transmissions at most, the first included."""
    backoff: Annotated[float, Field(ge=1)] = 2.0


class LinksSpec(Spec):
    """The network between the agents."""

    transport: Literal["fair", "fifo", "instant"] = "fair"
    """`fair`: transfers share links max-min; `fifo`: one after another; `instant`: no bandwidth."""
    latency: LatencySpec = ConstantLatency(value="20 ms")
    uplink: Rate | None = None
    """Overrides the devices' own uplinks."""
    downlink: Rate | None = None
    loss: Share = 0.0
    """Probability that a message is lost on its way, each time it is sent."""
    retransmit: RetransmitSpec | None = None
    header: Size = 64.0
    """Bytes of every message beside its payload."""
