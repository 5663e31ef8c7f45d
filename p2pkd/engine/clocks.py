"""When agents take their turns: at their own period, without pause, or in rounds."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import simpy

from p2pkd.core.rng import Streams, uniform
from p2pkd.engine.agent import Agent
from p2pkd.engine.network import Network
from p2pkd.scenario.method import GossipSpec

Steps = Generator[simpy.Event, Any, None]


class AsynchronousClock:
    """Each agent on its own: a random phase, then turns a jittered period apart.

    A turn that takes longer than the period delays the next, which then follows at once.
    """

    def __init__(self, env: simpy.Environment, spec: GossipSpec, streams: Streams, n: int) -> None:
        self.env = env
        self.every = 0.0 if spec.clock == "free" else spec.every
        self.phase = spec.every
        self.jitter = spec.jitter
        self.keys: list[int] = streams.keys("clock", n).tolist()

    def start(self, agents: Sequence[Agent]) -> None:
        """Start a process for each agent."""
        for agent in agents:
            self.env.process(self._run(agent))

    def _run(self, agent: Agent) -> Steps:
        env = self.env
        key, ticks = self.keys[agent.agent], 0
        due = uniform(key, 0) * self.phase
        while True:
            yield env.timeout(max(0.0, due - env.now))
            started = env.now
            yield from agent.turn()
            ticks += 1
            stretch = 1 + self.jitter * (2 * uniform(key, ticks) - 1)
            due = max(due + self.every * stretch, env.now)
            if due == started:
                # A turn without work on a free clock: time must not stand still.
                due += self.phase


class RoundClock:
    """Synchronous rounds: all take a turn, and the next round waits until all messages arrived."""

    def __init__(self, env: simpy.Environment, spec: GossipSpec, network: Network) -> None:
        self.env = env
        self.every = spec.every
        self.network = network
        self.reactions: set[simpy.Process] = set()

    def start(self, agents: Sequence[Agent]) -> None:
        """Start the process that calls the rounds."""
        self.env.process(self._run(agents))

    def _run(self, agents: Sequence[Agent]) -> Steps:
        env = self.env
        while True:
            started = env.now
            # 1. Everybody learns and sends, each at the pace of its device.
            yield env.all_of([env.process(agent.turn()) for agent in agents])
            # 2. Everything arrives, and is answered and learned from where the method says so.
            while self.network.open or self.reactions:
                yield self.network.idle()
                yield env.all_of(list(self.reactions))
            # 3. The next round starts no sooner than the period allows.
            yield env.timeout(max(0.0, started + self.every - env.now))
