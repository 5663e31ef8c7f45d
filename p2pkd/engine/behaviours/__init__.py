"""What agents do beside learning at ticks and pushing what they know: one manner a file."""

from __future__ import annotations

from p2pkd.distillation.base import Objective
from p2pkd.engine.agent import Agent
from p2pkd.engine.behaviours.choco import ChocoAgent
from p2pkd.engine.behaviours.pairwise import PairwiseAgent
from p2pkd.engine.behaviours.push_sum import PushSumAgent

MANNERS: dict[str, type[Agent]] = {
    "gossip": Agent,
    "choco": ChocoAgent,
    "pairwise": PairwiseAgent,
    "push_sum": PushSumAgent,
}

__all__ = ["MANNERS", "agent_type"]


def agent_type(objective: Objective) -> type[Agent]:
    """Return the class of agents that learn by *objective*."""
    return MANNERS[objective.manner]
