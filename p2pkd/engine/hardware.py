"""From device specifications to the devices of a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import simpy

from p2pkd.core.rng import Streams, uniform
from p2pkd.engine.battery import Battery
from p2pkd.engine.device import Device
from p2pkd.engine.pace import Pace
from p2pkd.engine.presence import Presence
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.devices import DeviceTable, device_groups


def make_devices(
    env: simpy.Environment,
    scenario: Scenario,
    table: DeviceTable,
    streams: Streams,
    die: Callable[[int], None],
) -> list[Device]:
    """Return the device of each agent; ``die(agent)`` is called when its battery is empty."""
    rates, idle, compute = (
        values.tolist() for values in (table.flops_per_s, table.idle_w, table.compute_w)
    )
    phases = duty_phases(streams, len(rates))
    devices, groups = [], device_groups(scenario)
    for agent, group in enumerate(table.group.tolist()):
        spec = groups[group]
        device = Device(env, rates[agent], compute[agent])
        if spec.throttling is not None or spec.duty is not None:
            device.pace = Pace(
                rates[agent], spec.throttling, spec.duty, phases(agent), scenario.duration
            )
        if spec.battery is not None:
            device.battery = Battery(env, spec.battery, idle[agent], partial(die, agent))
        devices.append(device)
    return devices


def duty_phases(streams: Streams, n: int) -> Callable[[int], float]:
    """Return the function from an agent to the share of its duty period that is over at time 0."""
    keys = streams.keys("duty-phase", n)
    return lambda agent: uniform(int(keys[agent]), 0)


def any_battery(scenario: Scenario) -> bool:
    """Tell whether some devices may run out of energy."""
    return any(group.battery is not None for group in scenario.devices)


class Power:
    """What batteries have to do with presence and messages."""

    def __init__(
        self, devices: list[Device], radio_j_per_byte: list[float], presence: Presence
    ) -> None:
        self.batteries = [device.battery for device in devices]
        self.radio_j_per_byte = radio_j_per_byte
        presence.on_leave.append(self._left)
        presence.on_return.append(self._back)

    def _left(self, agent: int) -> None:
        battery = self.batteries[agent]
        if battery is not None:
            battery.switch_off()

    def _back(self, agent: int) -> None:
        battery = self.batteries[agent]
        if battery is not None:
            battery.follow(())

    def radio(self, agent: int, size_bytes: int) -> None:
        """Take from *agent*'s battery what it costs to send or receive *size_bytes*."""
        battery = self.batteries[agent]
        if battery is not None:
            battery.take(self.radio_j_per_byte[agent] * size_bytes)
