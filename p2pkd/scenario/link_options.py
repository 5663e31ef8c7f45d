"""What may be wrong with a network, or change in it: packets, outages, variation, core links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, field_validator, model_validator
from pydantic_core import PydanticCustomError

from p2pkd.core import units
from p2pkd.scenario.agent_ids import AgentId, Index
from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.quantities import (
    Duration,
    Factor,
    Fraction,
    Interval,
    Moment,
    Period,
    Rate,
    Share,
    TimeUnit,
    Unit,
)


class PacketsSpec(Spec):
    """Messages travel as packets, each of which may be lost.

    With `resend`, every lost packet is sent again until it has arrived: how many are is drawn from
    the negative binomial distribution, and they cross the links with the others, in bytes and in
    time; waiting for acknowledgements is not modelled (under `tcp` it is, and `mtu` is 1,448
    bytes).  Without, a message is lost when any of its
    packets is, with probability ``1 - (1 - loss)^n``.
    """

    loss: Annotated[Share, Field(le=0.99)]
    """Probability that a packet is lost."""
    mtu: Unit = 1460.0
    """Bytes of a message in a packet."""
    resend: bool = True


class ConnectionsSpec(Family, root=True):
    """How connections are used (`tcp`)."""

    plural = "connections"


class NewConnections(ConnectionsSpec):
    """Each message opens one: a handshake and slow start."""

    kind: Literal["new"] = "new"


class KeptConnections(ConnectionsSpec):
    """One for each pair and direction is kept after its first message.

    After a retransmission time-out without use, slow start begins anew (RFC 2861); after `idle` it
    is closed, and when an end goes offline.
    """

    kind: Literal["kept"] = "kept"
    idle: Period = 300.0


@dataclass(frozen=True)
class QueueDepth:
    """What fits in a link's queue: what leaves within `seconds`, at least `size_bytes`."""

    seconds: float = 0.0
    size_bytes: float = 0.0

    @staticmethod
    def parse(value: Any) -> QueueDepth:
        """Return ``100 ms`` or ``48 kB``; a time holds `LEAST_QUEUE_BYTES` at least."""
        if isinstance(value, QueueDepth):
            return value
        for dimension in (units.DURATION, units.SIZE) if isinstance(value, str) else ():
            try:
                amount = dimension.parse(value)
            except ValueError:
                continue
            return QueueDepth._of(dimension is units.DURATION, amount, value)
        raise ValueError(f"must be a time or a size, like '100 ms' or '48 kB', given {value!r}")

    @staticmethod
    def _of(is_time: bool, amount: float, text: str) -> QueueDepth:
        if is_time and 0 < amount <= 3600:
            return QueueDepth(amount, LEAST_QUEUE_BYTES)
        if not is_time and MTU_BYTES <= amount <= 1e12:
            return QueueDepth(0.0, amount)
        bounds = "above 0 s and at most 1 h" if is_time else "at least 1500 B and at most 1 TB"
        raise PydanticCustomError("quantity", f"must be {bounds}, given {text!r}")

    def write(self) -> str:
        """Return it as a scenario writes it."""
        if self.seconds:
            return units.DURATION.format(self.seconds)
        return units.SIZE.format(self.size_bytes)


MTU_BYTES = 1500.0
LEAST_QUEUE_BYTES = 32 * MTU_BYTES
"""32 packets: slow links have longer queues than a tenth of a second."""

Queue = Annotated[
    QueueDepth,
    PlainValidator(QueueDepth.parse, json_schema_input_type=str),
    PlainSerializer(QueueDepth.write, return_type=str),
]


class ScaleSpec(Spec):
    """What every figure of the network is multiplied by, wherever it comes from.

    Rates are those of access links, core links and edges, from devices, the scenario or a trace;
    delays those of pairs and of edges.  1.2 is a fifth more.
    """

    latency: Factor = 1.0
    rate: Factor = 1.0


class OutageSpec(Spec):
    """Access links that are down: transfers stand still, and go on afterwards."""

    at: Duration
    lasts: Period
    agents: tuple[AgentId, ...] | None = None
    """Names in the graph's file, or numbers where it has none."""
    share: Share | None = None
    """Instead of `agents`: a share of all, drawn at random."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.agents is None) == (self.share is None):
            raise ValueError("give either agents or share")
        return self


class VariationSpec(Family, root=True):
    """How access rates change while the run, and its transfers, go on."""

    plural = "variations"


class DailyVariation(VariationSpec):
    """The same factors for everybody's rates, each for an equal part of a day, over and over."""

    kind: Literal["daily"] = "daily"
    factors: Annotated[tuple[Annotated[float, Field(ge=1e-6, le=1e6)], ...], Field(min_length=2)]
    day: Interval = 86400.0


class TraceVariation(VariationSpec):
    """Rates from a table with columns `time`, `uplink` and `downlink`, and perhaps `id`.

    Times ascend; a rate holds until the next line's, and a rate of 0 is an outage.  With an `id`
    (an agent's name in the graph's file, or its number) a line is about that agent alone.
    """

    kind: Literal["trace"] = "trace"
    path: str
    """CSV, `.tsv` or `.json`."""
    unit: Rate = 1.0
    """What a rate of 1 without a unit means, such as "1 kB/s"."""
    columns: tuple[str, ...] = ()
    """Names of the columns of a file without a header, such as ``[time, rate]``."""
    time: str = "time"
    """The column of times, and so on."""
    uplink: str = "uplink"
    downlink: str = "downlink"
    id: str = "id"
    both: str | None = None
    """One column for both directions, in place of `uplink` and `downlink`."""
    time_unit: TimeUnit = "s"
    begins: Literal["first"] | Moment = 0.0
    """The file's time at which the run begins, such as 1577836800; `first`: its first time."""
    at_end: Literal["hold", "repeat"] = "hold"
    """`repeat`: the file starts over; its last line holds for as long as the one before it."""


class MahimahiVariation(VariationSpec):
    """Rates from mahimahi's traces: a line for each packet of 1,500 bytes, its time in ms.

    The rate is the mean over each `window`; after its last line a trace starts over.
    """

    kind: Literal["mahimahi"] = "mahimahi"
    path: str
    """For both directions, or for the uplink."""
    downlink: str | None = None
    window: Period = 1.0

    @field_validator("window")
    @classmethod
    def _long_enough(cls, window: float) -> float:
        if window < 1e-3:
            raise ValueError("must be 1 ms or more, which is as fine as the traces are")
        return window


class RateTableSpec(Spec):
    """A table of measured connections, from which each agent gets a row, and its rates by chance.

    Columns (JSON or CSV) hold mean and deviation of either rate.  A rate is normal with these, but
    not below `least` of the mean.
    """

    path: str
    unit: Rate = 1000.0
    """What a rate of 1 means."""
    uplink: tuple[str, str] = ("up_u", "up_sigma")
    """Columns of mean and deviation."""
    downlink: tuple[str, str] = ("down_u", "down_sigma")
    least: Fraction = 0.1


class CoreLinkSpec(Spec):
    """A link that many transfers share beside the access links, in one direction each.

    It is crossed by what passes between `agents` and all others: the line of a site.  Without
    `agents` or `cluster` everything crosses it: the backbone.
    """

    name: str
    rate: Rate
    agents: tuple[AgentId, ...] | None = None
    cluster: Index | None = None
    """Instead of `agents`: a cluster of a stochastic block graph, by its number from 0."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if self.agents is not None and self.cluster is not None:
            raise ValueError("give either agents or cluster")
        return self
