"""The catalogue of device profiles, and a scenario's groups completed from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field
from ruamel.yaml import YAML

from p2pkd.core.errors import InputError, suggestion
from p2pkd.scenario.base import Spec
from p2pkd.scenario.devices import DeviceSpec
from p2pkd.scenario.quantities import Duration, EnergyPerSize, FlopRate, Power, Rate, Size


class Profile(Spec):
    """A device as published: one entry of profiles.yaml."""

    description: str
    flops: FlopRate
    """Effective rate in training small models with float32."""
    memory: Size
    idle_power: Power
    compute_power: Power
    radio_energy: EnergyPerSize
    """To send or receive a byte."""
    uplink: Rate
    downlink: Rate
    source: Annotated[dict[str, str], Field(min_length=1)]
    """Where each figure comes from, and how it was derived."""
    overhead: Duration = 0.0
    """Of a gradient step, on top of its work."""
    memory_bandwidth: Rate | None = None
    """None where moving numbers is part of `flops`."""


@dataclass(frozen=True)
class Device:
    """The figures of one group of devices, in base units."""

    name: str
    flops_per_s: float
    memory_bytes: float
    idle_w: float
    compute_w: float
    radio_j_per_byte: float
    uplink: float
    downlink: float
    overhead_s: float = 0.0
    bytes_per_s: float = math.inf
    """Of its memory, while it computes."""


@cache
def profiles() -> dict[str, Profile]:
    """Return the catalogue by name, in the file's order (weakest first)."""
    text = files("p2pkd.world").joinpath("profiles.yaml").read_text(encoding="utf-8")
    document = YAML(typ="safe", pure=True).load(text)
    return {name: Profile.model_validate(entry) for name, entry in document.items()}


def resolve(groups: Sequence[DeviceSpec]) -> tuple[Device, ...]:
    """Return the figures of each group: its own first, then its profile's.

    Groups of one name are numbered: two groups of laptops are ``laptop 1`` and ``laptop 2``.
    Raise InputError, with the nearest name, if a profile is not in the catalogue.
    """
    devices = [_device(i, group) for i, group in enumerate(groups)]
    names = told_apart([device.name for device in devices])
    return tuple(replace(d, name=name) for d, name in zip(devices, names, strict=True))


def told_apart(names: Sequence[str]) -> list[str]:
    """Return *names*, with a number behind each that occurs more than once.

    >>> told_apart(["phone", "laptop", "phone"])
    ['phone 1', 'laptop', 'phone 2']
    """
    taken, found = set(names), []
    for i, name in enumerate(names):
        number = names[:i].count(name) + 1
        while names.count(name) > 1 and f"{name} {number}" in taken:
            number += 1
        found.append(f"{name} {number}" if names.count(name) > 1 else name)
        taken.add(found[-1])
    return found


def _device(i: int, group: DeviceSpec) -> Device:
    known = None if group.profile is None else profiles().get(group.profile)
    if group.profile is not None and known is None:
        hint = suggestion(group.profile, profiles())
        raise InputError(f"devices.{i}.profile: no profile {group.profile!r}{hint}")

    def figure(key: str) -> float:
        own = getattr(group, key)
        # An inline device without powers or radio counts as free of energy, which its spec says.
        return float(own if own is not None else getattr(known, key, 0.0))

    # What slows a device down slows all of it.
    share = (1 - group.background) / group.slowdown
    bandwidth = group.memory_bandwidth or getattr(known, "memory_bandwidth", None)
    return Device(
        name=group.name or group.profile or f"group-{i}",
        flops_per_s=figure("flops") * (1 - group.background) / group.slowdown,
        memory_bytes=figure("memory"),
        idle_w=figure("idle_power"),
        compute_w=figure("compute_power"),
        radio_j_per_byte=figure("radio_energy"),
        uplink=figure("uplink"),
        downlink=figure("downlink"),
        overhead_s=figure("overhead") / share,
        bytes_per_s=math.inf if bandwidth is None else bandwidth * share,
    )
