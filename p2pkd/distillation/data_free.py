"""Data-free distillation: rows are made, not had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from p2pkd.distillation.base import Apprentice, Costs, Objective, Work
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.quantities import Strength, Weight

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


class DataFree(Objective):
    """L = CE + `strength` CE(p_s(G(z, y)), y), G being a generator that a peer has sent.

    Moslemi et al. (2024), equations 3.2.1.1 and 3.2.1.2, whose other terms, of activation and of
    entropy (of single rows), are those of the generator's fit, which has the entropy of the mean
    prediction beside them: see the knowledge `generator`.  Zhu, Hong and Zhou
    ("Data-free knowledge distillation for heterogeneous federated learning", ICML 2021, equation 5,
    its number recalled) take the second term in the space of features, as their code does.  Each
    row is made by one of the peers heard, and of a class as often as the peer has it.  No reference
    set is needed (`data.reference.rows: 0`).  A step is charged for making its rows, too.

    In the space of features there may also be a term that their code has beside: predictions on
    private rows are pulled to what the head predicts of made features of the same class, by
    `private_strength`, their generative beta (`strength` is their alpha).
    """

    learns_from: ClassVar[frozenset[str]] = frozenset({"generators"})
    objective: Literal["data_free"] = "data_free"
    strength: Strength = 1.0
    """The factor of the loss on made rows; that of cross-entropy is 1."""
    private_strength: Weight = 0.0
    """The factor of KL(p(G(z, y)), p(x)) on private rows x of class y, the first held fixed."""
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """What both factors are multiplied by from one turn of the agent to the next."""

    @property
    def joint(self) -> tuple[float, float] | None:
        """The factors 1 and `strength`."""
        return 1.0, self.strength

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints about batches without a size, and about other ways to combine."""
        yield from super().misfits(method)
        if self.batch == "full":
            yield "learn.batch: as many rows can be made as one likes; give a number, not 'full'"
        if self.private_strength and not method.send.knowledge.of_features:
            yield (
                "learn.private_strength: is about made features; send feature_generator, given"
                f" {method.send.knowledge.tag_value!r}"
            )
        if method.teachers.combine.tag_value != "mean_probabilities":
            yield "teachers.combine: 'data_free' has no target to combine; leave it out"

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return -sum_c t_c log p_c of each row, ``(G, B)``."""
        return -(targets * outputs.logits.log_softmax(-1)).sum(-1)

    def row_gradient(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return p_s - t, the gradient of `row_loss` with respect to the logits."""
        return outputs.logits.mT.softmax(-2).mT - targets

    def lesson_rows(self, costs: Costs, agent: int, heard: int, steps: int) -> int:
        """Return what made rows cost, and the private rows."""
        assert isinstance(self.batch, int)
        made: int = costs.composer.lesson_cost(agent, self.batch)
        return steps * (made + costs.batch_of(agent))

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield joint steps, or private ones while nothing has been heard."""
        if lessons:
            yield agent.distill(agent.version, lessons, self.local_steps)
        else:
            yield agent.train(agent.version, self.local_steps)
