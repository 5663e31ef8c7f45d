"""What a scenario asks of each agent: turns and gradient steps, were nothing in the way."""

from __future__ import annotations

import math
from typing import Any

from p2pkd.scenario.scenario import Scenario
from p2pkd.world.hierarchy import Hierarchy
from p2pkd.world.world import World


class Asked:
    """A pure function of scenario and world; `p2pkd.engine.shortfall` compares it with the run.

    A turn is what an agent's clock gives it once a period while it is online: it learns and speaks.
    Of an aggregator it is a round that it holds, of a member a question that it answers; these
    follow from the root's rounds, of which there is one a period.  Nothing is asked of agents on
    a `free` clock, nor of those who learn upon each message: both do as much as they come to.
    """

    def __init__(self, scenario: Scenario, world: World) -> None:
        gossip, learn = scenario.method.gossip, scenario.method.learn
        self.hierarchy = world.hierarchy
        self.period_s = math.nan if gossip.clock == "free" else gossip.every
        self.rounds = {} if self.hierarchy is None else _rounds(self.hierarchy, scenario)
        # Where there are aggregators, nobody does anything before.
        self.late_s = 0.0 if self.hierarchy is None else scenario.method.teachers.warm_up
        self.steps_a_turn: float = math.nan if learn.when == "receive" else learn.local_steps

    def turns(self, agent: int, online_s: float) -> float:
        """Return how many turns *agent* has, on average, in *online_s* seconds online."""
        return max(0.0, online_s - self.late_s) / self.period_s * self.rounds.get(agent, 1.0)

    def steps(self, agent: int, online_s: float) -> float:
        """Return the gradient steps of so many turns on private rows, joint steps included.

        What distillation in a phase of its own would add is not among them.
        """
        if self.hierarchy is not None and agent in self.hierarchy.children:
            return 0.0
        return self.turns(agent, online_s) * self.steps_a_turn


def by_chance(scenario: Scenario) -> bool:
    """Tell whether the number of an agent's turns is drawn."""
    gossip, links = scenario.method.gossip, scenario.links
    protocol: Any = gossip.protocol
    chances: list[Any] = [gossip.clock == "poisson", scenario.churn]
    if scenario.aggregators is not None:  # who is asked, and whether that arrives
        chances += [protocol.fraction < 1, links.loss, links.packets, links.outages]
    return any(chances)


def _rounds(hierarchy: Hierarchy, scenario: Scenario) -> dict[int, float]:
    """Return how often each agent is asked, or holds a round, for a round of the root."""
    method = scenario.method
    protocol: Any = method.gossip.protocol
    inner = 1 if method.send.knowledge.about_rows else protocol.inner_rounds
    found = {hierarchy.root: 1.0}
    for node in hierarchy.aggregators:
        children = hierarchy.children[node]
        share = protocol.cohort(len(children)) / len(children)
        for child in children:
            found[child] = found[node] * share * (inner if child in hierarchy.children else 1)
    return found
