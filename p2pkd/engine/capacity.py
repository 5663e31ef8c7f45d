"""Access rates that change while transfers run: variation, outages, radios that sleep."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import partial

import numpy as np
import simpy

from p2pkd.core.rng import Streams, uniforms
from p2pkd.engine.events import at
from p2pkd.engine.hardware import duty_phases
from p2pkd.engine.transport.base import Links, Transport
from p2pkd.scenario.devices import DutySpec
from p2pkd.scenario.link_options import OutageSpec
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.names import Names
from p2pkd.world.rate_trace import Step
from p2pkd.world.world import World


class Capacity:
    """The present rates of all nodes; 0 while anything keeps a node's links down."""

    def __init__(self, env: simpy.Environment, transport: Transport, links: Links) -> None:
        self.env = env
        self.transport = transport
        self.uplink: list[float] = links.uplink.tolist()
        self.downlink: list[float] = links.downlink.tolist()
        self._down = [0] * len(self.uplink)

    def vary(self, steps: Iterator[Step]) -> None:
        """Follow *steps*; those of time 0 are taken at once."""
        step = next(steps, None)
        if step is not None:
            at(self.env, step.time_s, partial(self._step, step, steps))

    def _step(self, step: Step | None, steps: Iterator[Step]) -> None:
        while step is not None and step.time_s <= self.env.now:
            rates = zip(
                step.nodes.tolist(), step.uplink.tolist(), step.downlink.tolist(), strict=True
            )
            for node, up, down in rates:
                self.uplink[node], self.downlink[node] = up, down
                self._set(node)
            step = next(steps, None)
        if step is not None:
            at(self.env, step.time_s, partial(self._step, step, steps))

    def plan(self, outages: Sequence[OutageSpec], names: Names, streams: Streams) -> None:
        """Let *outages* happen; raise InputError if one names an agent that does not exist."""
        for i, outage in enumerate(outages):
            for node in _hit(i, outage, names, streams):
                at(self.env, outage.at, partial(self._fall, node))
                at(self.env, outage.at + outage.lasts, partial(self._rise, node))

    def sleep(self, node: int, duty: DutySpec, phase: float) -> None:
        """Switch the links of *node* off and on by its duty cycle."""
        self.env.process(self._cycle(node, duty, phase * duty.period))

    def _cycle(self, node: int, duty: DutySpec, place: float) -> Generator[simpy.Event, None, None]:
        on_s = duty.period * duty.share
        while True:
            if place < on_s:
                yield self.env.timeout(on_s - place)
            self._fall(node)
            yield self.env.timeout(duty.period - max(place, on_s))
            self._rise(node)
            place = 0.0

    def _fall(self, node: int) -> None:
        self._down[node] += 1
        self._set(node)

    def _rise(self, node: int) -> None:
        self._down[node] -= 1
        self._set(node)

    def _set(self, node: int) -> None:
        up, down = (0.0, 0.0) if self._down[node] else (self.uplink[node], self.downlink[node])
        self.transport.set_rates(node, up, down)


def make_capacity(
    env: simpy.Environment, scenario: Scenario, world: World, transport: Transport, streams: Streams
) -> Capacity | None:
    """Return what changes the rates of *transport*; None where they stay."""
    groups, outages = scenario.devices, scenario.links.outages
    sleepy = {i: g.duty for i, g in enumerate(groups) if g.duty is not None and g.duty.radio}
    if world.variation is None and not outages and not sleepy:
        return None
    capacity = Capacity(env, transport, world.links)
    if world.variation is not None:
        capacity.vary(world.variation())
    capacity.plan(outages, Names(world.topology), streams)
    phases = duty_phases(streams, world.n_agents)
    for node, group in enumerate(world.devices.group.tolist()):
        if group in sleepy:
            capacity.sleep(node, sleepy[group], phases(node))
    return capacity


def _hit(i: int, outage: OutageSpec, names: Names, streams: Streams) -> list[int]:
    if outage.agents is None:
        assert outage.share is not None
        n = names.n
        lots = uniforms(streams.keys(f"outage-{i}", n), np.zeros(1, np.uint64))
        chosen: list[int] = np.argsort(lots, kind="stable")[: round(outage.share * n)].tolist()
        return sorted(chosen)
    return names.all_of(outage.agents, f"links.outages.{i}.agents")
