"""What travels, as the timeline sees it: how large, at what cost, and how it is composed.

There is one exchange a run, made by the knowledge that is sent (`KnowledgeSpec.exchange`), and
whoever needs to know asks it.  What it makes of numbers is in the knowledge's own methods, and how
they are learned from in `p2pkd.learning.training.teaching`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from p2pkd.core.rng import Streams
from p2pkd.knowledge.exchange.contents import Contents
from p2pkd.scenario.method import MethodSpec
from p2pkd.world.data import Data


@dataclass(frozen=True, eq=False)
class Setting:
    """What an exchange may know of a run; sequences are of length n.

    Attributes
    ----------
    parameters : how many numbers travel of each agent's model, where models do.
    flops_forward : FLOPs of each agent's model on one row.
    """

    method: MethodSpec
    data: Data
    learner: Any
    streams: Streams
    private_rows: Sequence[int]
    parameters: Sequence[int]
    flops_forward: Sequence[float]


class Exchange(ABC):
    """Makes the contents of agents' messages, and knows what they cost.

    Attributes
    ----------
    kind : the name of what is sent, as records have it.
    models : whether models travel: what is received can be averaged, and become an agent's own.
    spoken : how many messages each agent has composed, where what they tell is counted.
    extra_bytes : what each message has beside the codec's output.
    """

    models = False
    extra_bytes = 0

    def __init__(self, setting: Setting) -> None:
        self.kind = setting.method.send.knowledge.tag_value
        self.learner = setting.learner
        self.spoken: Counter[int] = Counter()

    def samples(self, agent: int) -> int:
        """Return how many rows go forward through the agent's model to make a message: none."""
        return 0

    def lesson_rows(self, agent: int) -> int:
        """Return how many rows a message gives to learn from: none."""
        return 0

    def lesson_cost(self, agent: int, rows: int) -> int:
        """Return what a step on *rows* rows of lessons costs, in rows of a step: as many."""
        return rows

    @abstractmethod
    def compose(self, agent: int, version: Any, updates: int, now_s: float) -> Contents:
        """Return the contents that *version* of the agent's model, *updates* old, has now."""
