"""No teacher at all: the control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from p2pkd.distillation.base import Apprentice, Objective, Work


class Local(Objective):
    """Cross-entropy on private data and nothing else."""

    teacher: ClassVar[str] = "none"
    objective: Literal["local"] = "local"

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the private steps."""
        yield agent.train(agent.version, self.local_steps)
