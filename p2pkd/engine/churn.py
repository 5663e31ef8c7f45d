"""Agents come and go by the scenario: sessions, failures, late arrivals, departures for good."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import simpy

from p2pkd.core.errors import InputError, about
from p2pkd.core.rng import Streams, uniforms
from p2pkd.engine.events import at
from p2pkd.engine.presence import DEPARTED, FAILURE, LATE, SESSION, Presence
from p2pkd.scenario.churn import ChurnSpec, FailureSpec, TurnoverSpec
from p2pkd.scenario.scenario import Scenario
from p2pkd.scenario.topology import StochasticBlock
from p2pkd.world.names import Names
from p2pkd.world.sessions import Schedules, build_sessions
from p2pkd.world.topology import Topology


class Churn:
    """What *spec* makes agents do, decided before the run; `start` lets it happen."""

    def __init__(
        self, spec: ChurnSpec, scenario: Scenario, topology: Topology, streams: Streams, base: Path
    ) -> None:
        n, end = scenario.agents, scenario.duration
        self.schedules: Schedules = {}
        if spec.sessions is not None:
            concerned = _chosen("churn-share", spec.share, n, streams)
            with about("churn.sessions"):
                self.schedules = build_sessions(spec.sessions, topology, concerned, streams, base)
        self.arrivals = _turnover("arrivals", spec.arrivals, n, end, streams)
        self.departures = _turnover("departures", spec.departures, n, end, streams)
        self.failures = [
            (failure, _victims(i, failure, scenario, topology, streams))
            for i, failure in enumerate(spec.failures)
        ]

    def start(self, env: simpy.Environment, presence: Presence) -> None:
        """Take away who is offline at the start, and set up all that is to come."""
        for agent, schedule in self.schedules.items():
            if not schedule.online:
                presence.leave(agent, SESSION)
            _Follow(env, presence, agent, schedule.changes, online=schedule.online)
        for agent, time in self.arrivals.items():
            presence.leave(agent, LATE)
            at(env, time, partial(presence.come, agent, LATE))
        for agent, time in self.departures.items():
            at(env, time, partial(presence.leave, agent, DEPARTED))
        for case, (failure, victims) in enumerate(self.failures):
            self._fail(env, presence, case, failure, victims)

    def _fail(
        self,
        env: simpy.Environment,
        presence: Presence,
        case: int,
        failure: FailureSpec,
        victims: list[int],
    ) -> None:
        for agent in victims:
            at(env, failure.at, partial(presence.leave, agent, FAILURE, case))
            if failure.lasts is not None:
                end = failure.at + failure.lasts
                at(env, end, partial(presence.come, agent, FAILURE, case))


class _Follow:
    """Takes one agent through its schedule, a change at a time."""

    def __init__(
        self,
        env: simpy.Environment,
        presence: Presence,
        agent: int,
        changes: Iterator[float],
        *,
        online: bool,
    ) -> None:
        self.env = env
        self.presence = presence
        self.agent = agent
        self.changes = changes
        self.online = online
        self._wait()

    def _wait(self) -> None:
        time = next(self.changes, None)
        if time is not None:
            at(self.env, time, self._change)

    def _change(self) -> None:
        self.online = not self.online
        change = self.presence.come if self.online else self.presence.leave
        change(self.agent, SESSION)
        self._wait()


def _chosen(purpose: str, share: float, n: int, streams: Streams) -> list[int]:
    """Return a share of all agents, by lot; a larger share has all of a smaller one."""
    if share == 1:
        return list(range(n))
    lots = uniforms(streams.keys(purpose, n), np.zeros(1, np.uint64))
    order: list[int] = np.argsort(lots, kind="stable").tolist()
    return sorted(order[: round(share * n)])


def _turnover(
    purpose: str, spec: TurnoverSpec | None, n: int, end: float, streams: Streams
) -> dict[int, float]:
    """Return who changes when."""
    if spec is None:
        return {}
    width = (end if spec.until is None else spec.until) - spec.after
    times = spec.after + max(0.0, width) * uniforms(streams.keys(purpose, n), np.ones(1, np.uint64))
    return {i: float(times[i]) for i in _chosen(purpose, spec.share, n, streams)}


def _victims(
    i: int, failure: FailureSpec, scenario: Scenario, topology: Topology, streams: Streams
) -> list[int]:
    n, where = scenario.agents, f"churn.failures.{i}"
    if failure.share is not None:
        return _chosen(f"failure-{i}", failure.share, n, streams)
    if failure.cluster is not None:
        return _cluster(failure.cluster, scenario, where)
    if failure.around is not None:
        (centre,) = Names(topology).all_of([failure.around], f"{where}.around")
        return [centre, *topology.neighbours(centre).tolist()]
    return Names(topology).all_of(failure.agents or (), f"{where}.agents")


def _cluster(cluster: int, scenario: Scenario, where: str) -> list[int]:
    graph = scenario.topology
    if not isinstance(graph, StochasticBlock):
        raise InputError(
            f"{where}.cluster: a {graph.tag_value} graph has no clusters; take a stochastic_block, "
            f"or give agents, around or share"
        )
    if cluster >= graph.clusters:
        last = graph.clusters - 1
        raise InputError(
            f"{where}.cluster: there is no cluster {cluster}; they are numbered 0 to {last}"
        )
    members: list[int] = np.array_split(np.arange(scenario.agents), graph.clusters)[
        cluster
    ].tolist()
    return members
