"""When agents take their turns: at their own period, without pause, or in rounds."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any

import simpy

from p2pkd.core.rng import Streams, uniform
from p2pkd.engine.agent import Agent
from p2pkd.engine.network import Network
from p2pkd.engine.timeline import Alarm, Course
from p2pkd.scenario.method import GossipSpec

Steps = Generator[simpy.Event, Any, None]


class AsynchronousClock:
    """Each agent on its own: a random phase, then turns a jittered (or exponential) period apart.

    A turn that takes longer than the period delays the next, which then follows at once.  *at_once*
    tells whether reactions may begin before the event that caused them is over.
    """

    def __init__(
        self,
        env: simpy.Environment,
        spec: GossipSpec,
        streams: Streams,
        n: int,
        *,
        at_once: bool = False,
    ) -> None:
        self.env = env
        self.at_once = at_once
        self.every = 0.0 if spec.clock == "free" else spec.every
        self.phase = spec.every
        self.jitter = spec.jitter
        self.poisson = spec.clock == "poisson"
        self.keys: list[int] = streams.keys("clock", n).tolist()

    def start(self, agents: Sequence[Agent], ready_s: Sequence[float]) -> None:
        """Start a process for each agent, whose first turn is put off by its *ready_s*."""
        for agent in agents:
            # Whom nothing interrupts needs no process of SimPy's.
            begin = self.env.process if agent.presence is not None else self._course
            begin(self._run(agent, ready_s[agent.agent]))

    def _course(self, steps: Steps) -> Course:
        return Course(self.env, steps)

    def _run(self, agent: Agent, ready_s: float) -> Steps:
        env, alarm = self.env, Alarm(self.env)
        key, ticks = self.keys[agent.agent], 0
        first = self._stretch(key, 0) if self.poisson else uniform(key, 0)
        due = ready_s + self.phase * first
        while True:
            yield alarm.set(max(0.0, due - env.now))
            if agent.presence is not None and not agent.presence.online[agent.agent]:
                yield from agent.presence.wait(agent.agent)
                due, ticks = self._next(key, due, ticks)
                continue
            started = env.now
            yield from agent.turn() if agent.presence is None else agent.alive(agent.turn())
            ticks += 1
            due = max(due + self.every * self._stretch(key, ticks), env.now)
            if due == started:
                # A turn without work on a free clock: time must not stand still.
                due += self.phase

    def _next(self, key: int, due: float, ticks: int) -> tuple[float, int]:
        """Return the first tick that is still to come; those missed while offline are left out."""
        now = self.env.now
        if not self.every:
            return now, ticks
        while due < now:
            ticks += 1
            due += self.every * self._stretch(key, ticks)
        return due, ticks

    def _stretch(self, key: int, ticks: int) -> float:
        """Return what the period is multiplied by before turn number *ticks*."""
        if self.poisson:
            return -math.log1p(-uniform(key, ticks))
        return 1 + self.jitter * (2 * uniform(key, ticks) - 1) if self.jitter else 1.0

    def react(self, agent: Agent, steps: Steps) -> None:
        """Let *agent* do something beside its turns: nobody waits for it."""
        if agent.presence is None:
            Course(self.env, steps, at_once=self.at_once)
        else:
            self.env.process(agent.alive(steps))

    def absent(self, agent: int) -> None:
        """Take note that *agent* went offline: nobody waits for it."""


class RoundClock:
    """Synchronous rounds: all take a turn, and the next round waits until all messages arrived.

    A round has the agents that are online when it begins, and waits for none who leaves.
    """

    def __init__(self, env: simpy.Environment, spec: GossipSpec, network: Network) -> None:
        self.env = env
        self.every = spec.every
        self.network = network
        # Whose turns and reactions the round waits for, and who is in a turn at all.
        self._work: dict[simpy.Process, int] = {}
        self._turns: set[int] = set()
        self._rest: simpy.Event | None = None

    def start(self, agents: Sequence[Agent], ready_s: Sequence[float]) -> None:
        """Start the process that calls the rounds; the first waits until all are ready."""
        self.env.process(self._run(agents, max(ready_s, default=0.0)))

    def _run(self, agents: Sequence[Agent], ready_s: float) -> Steps:
        env = self.env
        if ready_s:
            yield env.timeout(ready_s)
        while True:
            started = env.now
            # 1. Everybody learns and sends, each at the pace of its device.
            for agent in agents:
                if self.network.online[agent.agent] and agent.agent not in self._turns:
                    self._turns.add(agent.agent)
                    self._await(agent.agent, self._turn(agent))
            # 2. Everything arrives, and is answered and learned from where the method says so.
            while self._work or self.network.open:
                yield self._at_rest()
                yield self.network.idle()
            # 3. The next round starts no sooner than the period allows.
            yield env.timeout(max(0.0, started + self.every - env.now))

    def _turn(self, agent: Agent) -> Steps:
        yield from agent.alive(agent.turn())
        self._turns.discard(agent.agent)

    def _at_rest(self) -> simpy.Event:
        event = self.env.event()
        if self._work:
            self._rest = event
        else:
            event.succeed()
        return event

    def react(self, agent: Agent, steps: Steps) -> None:
        """Let *agent* do something beside its turn; the round waits for it."""
        self._await(agent.agent, agent.alive(steps))

    def _await(self, agent: int, steps: Steps) -> None:
        process = self.env.process(steps)
        self._work[process] = agent
        process.callbacks.append(self._over)

    def _over(self, process: simpy.Process) -> None:
        self._work.pop(process, None)
        if not self._work and self._rest is not None:
            self._rest.succeed()
            self._rest = None

    def absent(self, agent: int) -> None:
        """Do not wait for *agent* any more."""
        for process in [each for each, who in self._work.items() if who == agent]:
            self._over(process)
