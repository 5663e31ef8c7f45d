"""What agents run on: groups of devices, each with a profile and a model."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Spec
from p2pkd.scenario.models import MlpSpec, ModelSpec
from p2pkd.scenario.quantities import EnergyPerSize, FlopRate, Power, Rate, Share, Size


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
    memory: Size | None = None
    idle_power: Power | None = None
    compute_power: Power | None = None
    radio_energy: EnergyPerSize | None = None
    """Energy to send or receive a byte."""
    uplink: Rate | None = None
    downlink: Rate | None = None
    slowdown: Annotated[float, Field(gt=0)] = 1.0
    """Divides the computing rate: 20 is a device twenty times as slow."""

    @model_validator(mode="after")
    def _named_or_complete(self) -> Self:
        needed = {"flops": self.flops, "memory": self.memory}
        needed |= {"uplink": self.uplink, "downlink": self.downlink}
        missing = [key for key, value in needed.items() if value is None]
        if self.profile is None and missing:
            raise ValueError(f"give a profile, or else also {', '.join(missing)}")
        return self
