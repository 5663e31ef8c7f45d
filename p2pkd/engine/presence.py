"""Who is online, and what follows when somebody goes or comes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

import simpy

from p2pkd.core.records import Observer, PresenceRecord
from p2pkd.engine.network import Network

if TYPE_CHECKING:
    from p2pkd.engine.agent import Agent

SESSION, FAILURE, LATE, DEPARTED, BATTERY = "session", "failure", "late", "departed", "battery"

Cause = tuple[str, int]
"""What keeps an agent away: a reason, as recorded, and a number that tells its cases apart."""


class Presence:
    """The presence of all agents; an agent is online while no cause keeps it away.

    Parameters
    ----------
    resumes : whether what an agent was computing goes on after it has come back.
    keeps_memory : whether it then still knows what it had heard.
    """

    def __init__(
        self,
        env: simpy.Environment,
        network: Network,
        observer: Observer,
        agents: Sequence[Agent],
        *,
        resumes: bool,
        keeps_memory: bool,
    ) -> None:
        self.env = env
        self.network = network
        self.online = network.online
        self.observer = observer
        self.agents = agents
        self.resumes = resumes
        self.keeps_memory = keeps_memory
        self.on_leave: list[Callable[[int], None]] = []
        self.on_return: list[Callable[[int], None]] = []
        self._causes: list[dict[Cause, None]] = [{} for _ in agents]
        self._since = [0.0] * len(agents)
        self._online_s = [0.0] * len(agents)
        self._back: dict[int, simpy.Event] = {}

    def leave(self, agent: int, reason: str, case: int = 0) -> None:
        """Keep *agent* away from now on, until `come` is called for the same cause."""
        first = not self._causes[agent]
        self._causes[agent][reason, case] = None
        if not first:
            return
        now = self.env.now
        self._online_s[agent] += now - self._since[agent]
        # 1. What it computes stops, charged as far as it got.
        self.agents[agent].stop(resumes=self.resumes, keeps_memory=self.keeps_memory)
        # 2. What it sends or receives is aborted, likewise.
        self.network.node_down(agent)
        # 3. Nobody waits for it.
        for tell in self.on_leave:
            tell(agent)
        self.observer.presence(PresenceRecord(now, agent, False, reason))

    def come(self, agent: int, reason: str, case: int = 0) -> None:
        """End a cause; *agent* is online if it was the last."""
        causes = self._causes[agent]
        if (reason, case) not in causes:
            return
        del causes[reason, case]
        if causes:
            return
        self._since[agent] = self.env.now
        self.network.node_up(agent)
        self.observer.presence(PresenceRecord(self.env.now, agent, True, reason))
        for tell in self.on_return:
            tell(agent)
        back = self._back.pop(agent, None)
        if back is not None:
            back.succeed()

    def wait(self, agent: int) -> Generator[simpy.Event, Any, None]:
        """Wait until *agent* is online; not at all if it is."""
        while not self.online[agent]:
            if agent not in self._back:
                self._back[agent] = self.env.event()
            yield self._back[agent]

    def online_s(self, agent: int) -> float:
        """Return for how long *agent* has been online so far."""
        running = self.env.now - self._since[agent] if self.online[agent] else 0.0
        return self._online_s[agent] + running
