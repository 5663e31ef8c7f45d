"""When agents are online: from the specification of sessions to a schedule for each agent.

A schedule is the state at time 0 and the times at which it changes.  Times are drawn as they are
asked for, from the agent's own stream.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatch
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from p2pkd.core.errors import InputError, TraceError
from p2pkd.core.rng import Streams
from p2pkd.scenario import churn as specs
from p2pkd.scenario.churn import SessionsSpec
from p2pkd.world.formats.clock import FileClock
from p2pkd.world.paths import locate
from p2pkd.world.session_trace import read_sessions
from p2pkd.world.topology import Topology

PATIENCE = 1000
"""Days without a change after which a diurnal agent's state lasts for ever: curves of 0 or 1."""


class Schedule(NamedTuple):
    """An agent's sessions."""

    online: bool
    """At time 0."""
    changes: Iterator[float]
    """Times after 0, s, ascending, at which the state changes; may never end."""


Schedules = Mapping[int, Schedule]
"""By agent; who is missing is always online."""


@singledispatch
def build_sessions(
    spec: SessionsSpec, topology: Topology, agents: list[int], streams: Streams, base: Path
) -> Schedules:
    """Return the schedules of *agents*.

    Raise TraceError if a file is wrong.
    """
    raise InputError(f"no builder for the sessions {type(spec).__name__}")


def register(spec: type[SessionsSpec]) -> Any:
    """Return a decorator that makes a function with `build_sessions`'s arguments that of *spec*."""
    return build_sessions.register(spec)


@dataclass(frozen=True)
class Law:
    """A distribution of lengths with shape parameter *shape*, its scale set by *centre*."""

    family: str
    centre: float
    shape: float = 1.0

    @property
    def scale(self) -> float:
        """The Weibull distribution's scale."""
        return self.centre / math.gamma(1 + 1 / self.shape)

    @property
    def mean(self) -> float:
        """The mean, s; ``m exp(sigma^2 / 2)`` for the log-normal of median m."""
        spread = self.shape**2 / 2 if self.family == "lognormal" else 0.0
        return self.centre * math.exp(spread)

    def draw(self, rng: np.random.Generator) -> float:
        """Return a length, s."""
        if self.family == "lognormal":
            return self.centre * math.exp(self.shape * float(rng.standard_normal()))
        return float(self.scale * rng.standard_exponential() ** (1 / self.shape))

    def rest(self, rng: np.random.Generator) -> float:
        """Return what is left of the length that covers a random instant.

        That length is drawn in proportion to itself, and the instant is uniform within it (Cox,
        *Renewal Theory*, 1962, section 5.2).
        """
        instant = float(rng.random())
        if self.family == "lognormal":
            return instant * self.draw(rng) * math.exp(self.shape**2)
        gamma = float(rng.standard_gamma(1 + 1 / self.shape))
        return float(instant * self.scale * gamma ** (1 / self.shape))


def _laws(spec: specs.RenewalSessions) -> tuple[Law, Law]:
    """Return the laws of sessions and absences; an exponential is a Weibull of shape 1."""
    if isinstance(spec, specs.LognormalSessions):
        family, shape = "lognormal", spec.sigma
    else:
        family, shape = "weibull", getattr(spec, "shape", 1.0)
    return Law(family, spec.online, shape), Law(family, spec.absence, shape)


@build_sessions.register
def _renewal(
    spec: specs.RenewalSessions, topology: Topology, agents: list[int], streams: Streams, base: Path
) -> Schedules:
    on, off = _laws(spec)
    return {i: _alternating(on, off, streams.generator("sessions", i)) for i in agents}


def _alternating(on: Law, off: Law, rng: np.random.Generator) -> Schedule:
    online = bool(rng.random() < on.mean / (on.mean + off.mean))

    def changes() -> Iterator[float]:
        first, second = (on, off) if online else (off, on)
        time = first.rest(rng)
        while True:
            yield time
            first, second = second, first
            time += first.draw(rng)

    return Schedule(online, changes())


@build_sessions.register
def _diurnal(
    spec: specs.DiurnalSessions, topology: Topology, agents: list[int], streams: Streams, base: Path
) -> Schedules:
    return {i: _daily(spec, streams.generator("sessions", i)) for i in agents}


def _daily(spec: specs.DiurnalSessions, rng: np.random.Generator) -> Schedule:
    # The agent's first day began before the run, so that its local time is defined from 0 on.
    begins = float(rng.random()) * spec.spread - spec.day * math.ceil(spec.spread / spec.day)
    states = _daily_states(spec, begins, rng)
    past = []
    for time, state in states:
        if time > 0:
            break
        past.append(state)
    online = past[-1]

    def changes() -> Iterator[float]:
        now, last = online, 0.0
        for when, is_on in chain([(time, state)], states):
            if is_on != now:
                now, last = is_on, when
                yield when
            elif when - last > PATIENCE * spec.day:
                return

    return Schedule(online, changes())


def _daily_states(
    spec: specs.DiurnalSessions, begins: float, rng: np.random.Generator
) -> Iterator[tuple[float, bool]]:
    """Yield (time, state) for ever, where the curve crosses the day's number and at midnight."""
    ends = (*spec.curve[1:], spec.curve[0])
    step = spec.day / len(spec.curve)
    while True:
        threshold = float(rng.random())
        yield begins, spec.curve[0] > threshold
        for k, (low, high) in enumerate(zip(spec.curve, ends, strict=True)):
            if (low > threshold) != (high > threshold):
                crossing = (threshold - low) / (high - low)
                yield begins + step * (k + crossing), high > threshold
        begins += spec.day


@build_sessions.register
def _trace(
    spec: specs.TraceSessions, topology: Topology, agents: list[int], streams: Streams, base: Path
) -> Schedules:
    file = locate(spec.path, base, TraceError, "churn.sessions.path")
    clock = FileClock(spec.unit, spec.begins)
    changes = read_sessions(file, topology, absolute=spec.numbers == "times", clock=clock)
    wanted = set(agents)
    return {i: _recorded(times) for i, times in changes.items() if i in wanted}


def _recorded(times: list[float]) -> Schedule:
    """Return the schedule whose first change is the first coming online."""
    past = sum(time <= 0 for time in times)
    return Schedule(past % 2 == 1, iter(times[past:]))
