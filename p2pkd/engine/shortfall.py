"""Planned work that did not happen, in words, from what agents did and were asked to do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from p2pkd.core.records import AgentRecord
from p2pkd.core.units import DURATION
from p2pkd.engine.asked import by_chance
from p2pkd.scenario.scenario import Scenario

ENOUGH = 0.9
"""Who did this share of what was asked is not told of."""
SPARE = 1.0
"""Turns that may be missing beside: the last one is seldom over when the run is."""
DEVIATIONS = 3.0
"""Where turns come by chance, so many standard deviations of a Poisson number are allowed too."""
BUSY = 0.9
"""Whose device computed for this share of its time had no time for more."""
NAMED = 3
"""Agents named in a sentence; of the others the number is told."""


class Some:
    """Agents that have something in common: how many, the first of them, and why."""

    def __init__(self) -> None:
        self.first: list[int] = []
        self.reasons: Counter[str] = Counter()

    def add(self, agent: int, reason: str) -> None:
        """Take in an agent."""
        self.reasons[reason] += 1
        if len(self.first) < NAMED:
            self.first.append(agent)

    def __len__(self) -> int:
        return self.reasons.total()

    def __str__(self) -> str:
        names = ", ".join(map(str, self.first))
        more = f" and {len(self) - NAMED} more" if len(self) > NAMED else ""
        return f"Agent {names}" if len(self) == 1 else f"Agents {names}{more}"

    @property
    def why(self) -> str:
        """One reason alone, or each with how many agents it is true of."""
        if len(self.reasons) == 1:
            return next(iter(self.reasons))
        return "; ".join(f"{n} {reason}" for reason, n in self.reasons.most_common())


class Shortfall:
    """Is told of all agents at the end of a run, one after the other; keeps few of them."""

    def __init__(self, scenario: Scenario, aggregators: Iterable[int]) -> None:
        self.scenario = scenario
        self.aggregators = tuple(aggregators)
        self.spread = DEVIATIONS if by_chance(scenario) else 0.0
        self.n_agents = self.n_learners = 0
        self.steps = 0
        self.steps_asked = 0.0
        self.rounds = 0
        self.short, self.idle, self.deaf = Some(), Some(), Some()
        self.worst: AgentRecord | None = None
        self.answers = self.late = 0
        """Of members to aggregators: in time, and after these had gone on without them."""

    def add(self, agent: AgentRecord) -> None:
        """Take in what *agent* did."""
        self.n_agents += 1
        if self._should_hear() and not agent.messages_received:
            self.deaf.add(agent.agent, _deafness(agent))
        if agent.agent in self.aggregators:
            if agent.agent == self.aggregators[0]:
                self.rounds = agent.turns
            return
        self.n_learners += 1
        self.steps += self._own_steps(agent)
        self.steps_asked += agent.steps_asked
        if not self.aggregators:
            self.rounds = max(self.rounds, agent.turns)
        if _is_short(agent.turns, agent.turns_asked, self.spread):
            self.short.add(agent.agent, self._reason(agent))
            if self.worst is None or _share(agent) < _share(self.worst):
                self.worst = agent
        if self._should_learn() and not agent.train_steps + agent.distill_steps:
            self.idle.add(agent.agent, self._idle(agent))

    def sentences(self, now_s: float) -> list[str]:
        """Return a sentence for each kind of planned work that was not done by *now_s*, and why."""
        return [*self._rounds(now_s), *self._answers(), *self._turns(), *self._never()]

    def _rounds(self, now_s: float) -> Iterator[str]:
        """Yield what is missing of the rounds that all take part in."""
        method = self.scenario.method
        gossip: Any = method.gossip
        if not self.aggregators and gossip.clock != "rounds":
            return
        late_s = method.teachers.warm_up if self.aggregators else 0.0
        asked = max(0.0, now_s - late_s) / gossip.every
        if not _is_short(self.rounds, asked, DEVIATIONS if gossip.clock == "poisson" else 0.0):
            return
        why = "a round waits for the slowest computation and the last message"
        if self.aggregators:
            patience = _time(gossip.protocol.patience)
            why = f"the server waits up to {patience} for answers (gossip.protocol.patience)"
            if gossip.clock == "rounds":
                why += ", and a round for all that is under way"
        yield (
            f"{self.rounds:,} of {asked:,.0f} rounds were held, one each {_time(gossip.every)}"
            f" (gossip.every): {why}."
        )

    def _answers(self) -> Iterator[str]:
        """Yield how many answers came for nothing."""
        total = self.answers + self.late
        if self.late > (1 - ENOUGH) * total:
            patience = _time(self.scenario.method.gossip.protocol.waits_s or 0.0)
            yield (
                f"{self.late:,} of {total:,} answers came too late and were ignored: servers wait"
                f" up to {patience} (gossip.protocol.patience), those below others a part of that."
            )

    def _turns(self) -> Iterator[str]:
        """Yield what of all steps was done, and how many agents had fewer turns than asked."""
        spare = SPARE * self.n_learners * self.scenario.method.learn.local_steps
        told = []
        if self.steps < ENOUGH * self.steps_asked - spare:
            told.append(
                f"{self.steps:,} of the {self.steps_asked:,.0f} gradient steps that were asked for"
                " were done"
            )
        if self.worst is not None:
            told.append(
                f"{len(self.short):,} of {self.n_learners:,} agents finished fewer than"
                f" {100 * ENOUGH:.0f} % of their turns (the least: agent {self.worst.agent},"
                f" {self.worst.turns:,} of {self.worst.turns_asked:,.0f})"
            )
        if told:
            why = f": {self.short.why}" if len(self.short) else ""
            yield f"{'; '.join(told)}{why}."

    def _never(self) -> Iterator[str]:
        if len(self.idle):
            yield f"{self.idle} of {self.n_learners:,} never learned: {self.idle.why}."
        if len(self.deaf):
            yield f"{self.deaf} of {self.n_agents:,} never heard from anyone: {self.deaf.why}."

    def _should_hear(self) -> bool:
        method = self.scenario.method
        silent = method.gossip.protocol.tag_value == "none"
        return not silent and method.learn.teacher == "peers"

    def _should_learn(self) -> bool:
        learn: Any = self.scenario.method.learn
        return bool(learn.local_steps or learn.digestion_steps)

    def _own_steps(self, agent: AgentRecord) -> int:
        """Return the steps that `Asked.steps` is about: not those of distillation's own phase."""
        learn: Any = self.scenario.method.learn
        return agent.train_steps + (0 if learn.joint is None else agent.distill_steps)

    def _reason(self, agent: AgentRecord) -> str:
        """Return why an agent had fewer turns than its time online would have given it."""
        if agent.computing_s >= BUSY * agent.online_s:
            return "computing all the time, for a turn takes longer than gossip.every"
        if self.aggregators:
            return "not asked often enough, or what they were asked did not come to an end"
        if self.scenario.method.gossip.clock == "rounds":
            return "waiting for others"
        if self.scenario.churn is not None:
            return "turns cut short by absences"
        return "turns take longer than gossip.every"

    def _idle(self, agent: AgentRecord) -> str:
        """Return why an agent never learned."""
        if agent.online_s <= 0:
            return "never online"
        if agent.computing_s > 0:
            return "no computation came to its end"
        if not agent.messages_received:
            if self.aggregators:
                return "never asked"
            if self.scenario.method.learn.when == "receive":
                return "heard nothing to learn upon"
        return "no turn came in time"


def _deafness(agent: AgentRecord) -> str:
    if agent.online_s <= 0:
        return "never online"
    return "no message to them arrived" if agent.neighbours else "no neighbours"


def _is_short(done: float, asked: float, spread: float) -> bool:
    """Tell whether *done* is clearly less than *asked*; never of nan."""
    return asked > 0 and done < ENOUGH * asked - SPARE - spread * math.sqrt(asked)


def _share(agent: AgentRecord) -> float:
    return agent.turns / agent.turns_asked


def _time(seconds: float) -> str:
    return DURATION.format(seconds)
