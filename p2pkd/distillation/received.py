"""Models travel, and teach on the receiver's own rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from p2pkd.distillation.base import Apprentice, Costs, Objective, Work, kl_divergence
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.quantities import Strength

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class Received(Objective):
    """L = CE + `strength` KL(p_r, p_s) on private rows, p_r being what received models predict.

    As replicas do in Anil et al., "Large scale distributed neural network training through online
    distillation" (ICLR 2018); in `mutual_transfer` the received model learns, too.  No reference
    set is used; the models must be of one architecture.  A step is charged for the forward passes
    of the received models too.
    """

    model_thirds: ClassVar[int] = 1
    """What a received model takes of a step, in thirds of one: it goes forward only."""
    learns_from: ClassVar[frozenset[str]] = frozenset({"weights"})
    objective: Literal["received"] = "received"
    strength: Strength = 1.0
    """The factor of the KL term; that of cross-entropy is 1."""

    @property
    def joint(self) -> tuple[float, float] | None:
        """The factors 1 and `strength`."""
        return 1.0, self.strength

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about rules that messages of predictions can be judged by."""
        yield from super().misfits(method)
        teachers = method.teachers
        if teachers.weights.tag_value != "uniform" or teachers.filters or teachers.sharpen:
            yield "teachers: received models count alike; give no weights, filters or sharpen"
        if teachers.combine.tag_value == "mean_losses":
            yield "teachers.combine: 'received' makes one target; use 'mean_probabilities'"

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return KL(p_r, p_s) of each row, ``(G, B)``."""
        return kl_divergence(targets, outputs.logits.log_softmax(-1))

    def lesson_rows(self, costs: Costs, agent: int, heard: int, steps: int) -> int:
        """Return the private rows; those that go forward only take a third of a step each."""
        rows = steps * costs.batch_of(agent)
        return rows + -(-rows * heard * self.model_thirds // 3)

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield joint steps, or private ones while nothing has been heard."""
        if lessons:
            yield agent.distill(agent.version, lessons, self.local_steps)
        else:
            yield agent.train(agent.version, self.local_steps)
