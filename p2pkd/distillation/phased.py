"""Cross-entropy and distillation, one after the other or in one step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from p2pkd.distillation.base import Apprentice, Objective, Work
from p2pkd.scenario.quantities import Steps


class Phased(Objective):
    """L = a CE + (1 - a) D, D being a subclass's loss; a is `weight`.

    With the order `joint` each step sees a batch of either kind.  The other orders split L in two
    phases, both divided by a: private steps are then those of every control, and digestion has the
    factor (1 - a) / a.
    """

    weight: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Of cross-entropy; one minus it is that of distillation (other code has it reversed)."""
    distill_steps: Steps = 5
    """Gradient steps towards the teachers each time the agent learns; not with `joint`."""
    order: Literal["digest_then_revisit", "revisit_then_digest", "joint"] = "digest_then_revisit"

    @property
    def joint(self) -> tuple[float, float] | None:
        """The factors a and 1 - a, with the order `joint`."""
        return (self.weight, 1 - self.weight) if self.order == "joint" else None

    @property
    def digestion_steps(self) -> int:
        """`distill_steps`."""
        return self.distill_steps

    @property
    def scale(self) -> float:
        """(1 - a) / a."""
        return (1 - self.weight) / self.weight

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield digestion of the lessons and the private steps, in the given order."""
        if not lessons:
            yield agent.train(agent.version, self.local_steps)
        elif self.order == "joint":
            yield agent.distill(agent.version, lessons, self.local_steps)
        elif self.order == "digest_then_revisit":
            yield agent.distill(agent.version, lessons, self.distill_steps)
            yield agent.train(agent.version, self.local_steps)
        else:
            yield agent.train(agent.version, self.local_steps)
            yield agent.distill(agent.version, lessons, self.distill_steps)
