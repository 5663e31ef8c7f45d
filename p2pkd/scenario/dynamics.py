"""Graphs that change while the run goes on."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Family
from p2pkd.scenario.quantities import (
    Duration,
    Interval,
    Length,
    Moment,
    Share,
    Speed,
    TimeUnit,
)


class DynamicsSpec(Family, root=True):
    """How the graph changes, beginning as the scenario's topology."""

    plural = "dynamics"


class Static(DynamicsSpec):
    """The graph stays as it is."""

    kind: Literal["none"] = "none"


class ChangingSpec(DynamicsSpec):
    """What all graphs that change have in common."""

    transfers: Literal["finish", "abort"] = "finish"
    """`finish`: the graph tells whom agents turn to, and what is under way arrives.  `abort`: the
    graph is the network; a transfer ends with its edge, charged as far as it came, and nothing is
    sent where there is no edge."""


class Resample(ChangingSpec):
    """The topology is drawn anew, with another seed, every so often."""

    kind: Literal["resample"] = "resample"
    every: Interval = 60.0
    shuffle: bool = False
    """Also deal out the places anew; needed where the shape leaves nothing to chance (a ring)."""


class RandomWaypoint(ChangingSpec):
    """Agents move about in a square, and those within `radius` of each other are neighbours.

    Each walks straight to a random point at a random speed, pauses, and goes on (Johnson and
    Maltz, 1996).  They begin at the topology's positions, stretched to the square, or anywhere
    where it has none.  The slowest speed is above 0, or movement would die out (Yoon et al., 2003).
    Latencies stay those of the first graph.
    """

    kind: Literal["random_waypoint"] = "random_waypoint"
    radius: Length
    side: Length = 1000.0
    """Of the square."""
    slowest: Annotated[Speed, Field(ge=1e-6)] = 0.5
    fastest: Speed = 1.5
    """The speed of each leg is uniform between the two."""
    pause: Duration = 0.0
    """At each point."""
    every: Interval = 10.0
    """Edges are found anew so often; movement itself is continuous."""
    transfers: Literal["finish", "abort"] = "abort"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.slowest > self.fastest:
            raise ValueError("slowest: must not be more than fastest")
        return self


class EdgeFailure(ChangingSpec):
    """Each edge is up and down for exponential times, independently of the others.

    At any time an edge is up with probability `mean_up` / (`mean_up` + `mean_down`), from the
    beginning.
    """

    kind: Literal["edge_failure"] = "edge_failure"
    mean_up: Interval
    mean_down: Interval
    transfers: Literal["finish", "abort"] = "abort"


class EdgeDropout(ChangingSpec):
    """In each period each edge is missing with probability `p`, independently of all else."""

    kind: Literal["edge_dropout"] = "edge_dropout"
    p: Share
    every: Interval = 30.0


class EdgeList(ChangingSpec):
    """Edges come and go as a file says: lines of `time, a, b, up` or `time, a, b, down`.

    Times are in `unit`, or have one, and do not go back; a and b are agents by their names in the
    graph's file, or by their numbers where it has none; `#` begins a comment.
    """

    kind: Literal["edge_list"] = "edge_list"
    path: str
    """Relative to the scenario file, or to the working directory."""
    begin: Literal["topology", "empty"] = "topology"
    """The graph before the first line."""
    unit: TimeUnit = "s"
    """Of times without a unit."""
    begins: Literal["first"] | Moment = 0.0
    """The file's number at which the run begins, such as 1577836800; `first`: its first time."""


class Contacts(ChangingSpec):
    """Contacts from a trace of the ONE simulator: lines of `time CONN a b up` or `... down`.

    The run begins without edges, whatever the topology.  Hosts are agents, by name or number;
    letters before a number, as in `n12`, do not count (Keränen, Ott and Kärkkäinen, 2009).
    """

    kind: Literal["contacts"] = "contacts"
    path: str
    """Relative to the scenario file, or to the working directory."""
    unit: TimeUnit = "s"
    begins: Literal["first"] | Moment = 0.0
    """The file's number at which the run begins; `first`: its first time."""
    transfers: Literal["finish", "abort"] = "abort"
