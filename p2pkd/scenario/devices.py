"""What agents run on: groups of devices, each with a profile and a model."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Spec
from p2pkd.scenario.models import MlpSpec, ModelSpec
from p2pkd.scenario.quantities import (
    Duration,
    Energy,
    EnergyPerSize,
    FlopRate,
    Fraction,
    Interval,
    Period,
    Power,
    Rate,
    Share,
    Size,
    Strength,
)


class ThrottlingSpec(Spec):
    """A device that slows down as it gets hot.

    Heat is measured in seconds of computing: each second of computing adds one, and each second
    without takes `cooling` off, down to 0.
    """

    curve: Annotated[tuple[tuple[Period, Fraction], ...], Field(min_length=1)]
    """Pairs of a heat and the factor of the rate from there on, such as ``[["2 min", 0.7]]``."""
    cooling: Strength = 1.0

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        heats = [heat for heat, _ in self.curve]
        if heats != sorted(set(heats)):
            raise ValueError("curve: the times must ascend")
        return self


class DutySpec(Spec):
    """A device that works only part of the time: the first `share` of each `period`.

    Each device has its own random phase.  What it computes stands still meanwhile, and with
    `radio` so do its transfers (`fair` transport only).
    """

    period: Interval
    share: Fraction
    radio: bool = False


class DeviceTableSpec(Spec):
    """A table of measured devices, CSV or JSON, from which each agent of the group gets a row.

    Rows are drawn without replacement while there are enough.  The computing rate is the row's
    `score` times `per_point`: 1 MFLOP/s a point of AI Benchmark's float32 CPU score, the rule by
    which the catalogue's phones are rated.
    """

    path: str
    score: str = "CPU_F_AI_Score"
    """The column with the score."""
    per_point: FlopRate = 1e6
    memory: str = "RAM"
    """The column with the memory, such as 8GB."""
    memory_unit: Annotated[Size, Field(gt=0)] | None = None
    """What a memory of 1 without a unit means, such as "1 GB"."""


class DeviceSpec(Spec):
    """A group of agents with one kind of device and one architecture.

    Either a `profile` of the catalogue (`p2pkd list devices`), any of whose figures may be
    overridden here, or all of `flops`, `memory`, `uplink` and `downlink`; powers that neither
    gives count as 0.
    """

    profile: str | None = None
    name: str | None = None
    """Shown in tables; default: the profile's name."""
    share: Share | None = None
    """Of all agents; groups without a share divide what is left evenly."""
    model: ModelSpec = MlpSpec(hidden=(64,))
    flops: FlopRate | None = None
    """Effective rate in training small models, not the data sheet's peak."""
    overhead: Duration | None = None
    """Time that a gradient step takes on top of its work; a prediction or a merge takes a sixth.

    Default: the profile's, else none.  `p2pkd calibrate` measures it.
    """
    memory_bandwidth: Rate | None = None
    """At which parameters, activations and optimiser state move; default: the profile's, else any.

    The time to move them comes on top of the time to compute.
    """
    memory: Size | None = None
    idle_power: Power | None = None
    compute_power: Power | None = None
    radio_energy: EnergyPerSize | None = None
    """Energy to send or receive a byte."""
    uplink: Rate | None = None
    downlink: Rate | None = None
    slowdown: Annotated[float, Field(ge=1e-6, le=1e9)] = 1.0
    """Divides the computing rate: 20 is a device twenty times as slow, in all that it computes."""
    table: DeviceTableSpec | None = None
    """Takes `flops` and `memory` from a table of measured devices."""
    background: Annotated[Share, Field(le=0.999999)] = 0.0
    """Share of the computing rate that other work takes."""
    throttling: ThrottlingSpec | None = None
    duty: DutySpec | None = None
    battery: Energy | None = None
    """Once it is empty the agent is offline for good; default: mains."""

    @model_validator(mode="after")
    def _named_or_complete(self) -> Self:
        needed = {} if self.table else {"flops": self.flops, "memory": self.memory}
        needed |= {"uplink": self.uplink, "downlink": self.downlink}
        missing = [key for key, value in needed.items() if value is None]
        if self.profile is None and missing:
            raise ValueError(f"give a profile, or else also {', '.join(missing)}")
        return self
