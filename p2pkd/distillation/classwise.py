"""Objectives that are taught about classes, and learn it on private rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from p2pkd.distillation.base import Apprentice, Costs, Work
from p2pkd.distillation.represent import Meaned
from p2pkd.learning.models.sketch import fold
from p2pkd.scenario.quantities import Strength

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs
    from p2pkd.learning.training.teaching import Teaching


class Classwise(Meaned):
    """Base: L = CE + `strength` D, both on the same private rows.

    The target of a row is what the teachers say of its class, on average; a row of a class that
    none of them knows has cross-entropy alone.  No reference set is used.
    """

    strength: Strength = 1.0
    """The factor of the distillation loss; that of cross-entropy is 1."""

    @property
    def joint(self) -> tuple[float, float] | None:
        """The factors 1 and `strength`."""
        return 1.0, self.strength

    def lesson_rows(self, costs: Costs, agent: int, heard: int, steps: int) -> int:
        """Return the private rows."""
        return steps * costs.batch_of(agent)

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield joint steps, or private ones while nothing has been heard."""
        if lessons:
            yield agent.distill(agent.version, lessons, self.local_steps)
        else:
            yield agent.train(agent.version, self.local_steps)


class Prototype(Classwise):
    """L = CE + lambda MSE(features, mean prototype of the row's class); lambda is `strength`.

    Tan et al., "FedProto: Federated prototype learning across heterogeneous clients", AAAI 2022,
    equation 7, row by row as in the authors' code (github.com/yuetan031/FedProto, lib/update.py).
    The mean is over oneself and the peers heard, each counting once, in place of a server's over
    all clients; one's own prototypes are made anew, which is charged as a forward pass over one's
    private rows.

    With `predict: nearest_prototype` an agent's prediction is the class whose prototype, of those
    that it last learned from, is nearest to the row's features, as in the authors' test (there,
    among the client's own classes).  Its logits are minus the mean squared distances.  An agent
    that has heard nothing predicts by its classifier.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logits", "features"})
    learns_from: ClassVar[frozenset[str]] = frozenset({"prototypes"})
    objective: Literal["prototype"] = "prototype"
    predict: Literal["classifier", "nearest_prototype"] = "classifier"
    """What an agent delivers, and is evaluated by: its last layer, or the nearest prototype."""

    @property
    def by_prototypes(self) -> bool:  # type: ignore[override]
        """Whether agents hold on to prototypes, to predict by them."""
        return self.predict == "nearest_prototype"

    def teaching(self, knowledge: Any) -> Teaching:
        """Return the teaching of classes, where one's own means count too."""
        from p2pkd.learning.training.teaching import ClassTeaching

        return ClassTeaching(counts_own=True)

    def lesson_rows(self, costs: Costs, agent: int, heard: int, steps: int) -> int:
        """Return the private rows, and a forward pass over all of them for its own means."""
        return super().lesson_rows(costs, agent, heard, steps) + -(-costs.private_rows[agent] // 3)

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return the mean squared error of each row's features, ``(G, B)``."""
        return (fold(outputs.features, targets.shape[-1]) - targets).square().mean(-1)


class LabelAverage(Classwise):
    """L = CE + gamma CE(F, mean output of the others for the row's class); gamma is `strength`.

    Jeong et al., "Communication-efficient on-device machine learning: Federated distillation and
    augmentation under non-IID private data", 2018, Algorithm 1.
    """

    learns_from: ClassVar[frozenset[str]] = frozenset({"label_averages"})
    objective: Literal["label_average"] = "label_average"

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return -sum_c t_c log p_c of each row, ``(G, B)``."""
        return -(targets * outputs.logits.log_softmax(-1)).sum(-1)
