"""What the layers above may know of learning, without importing torch.

Shapes: G agents, K messages, R or B rows, C classes, W numbers a row, d features.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Rows = NDArray[np.int64]


class Outputs(NamedTuple):
    """What models say: `logits` ``(G, B, C)`` and penultimate `features` ``(G, B, d)``."""

    logits: Tensor
    features: Tensor


class Teaching(Protocol):
    """How a group of agents learns from what it has heard (`p2pkd.learning.training.teaching`)."""

    def shape(self, tables: Any, product: Any) -> Hashable:
        """Return what lessons must have in common to share a group."""

    def teach(self, group: Any) -> Tensor:
        """Return the rows ``(G, width)`` that the agents have after the lesson."""


class Sent(Protocol):
    """What is sent, whatever it is."""

    about_rows: ClassVar[bool]
    about_reference: ClassVar[bool]

    @property
    def proxied(self) -> bool:
        """Whether only the proxies of duos are sent and merged."""

    def teaching(self) -> Teaching:
        """Return how a group of agents learns from messages of it."""


class Knowledge(Sent, Protocol):
    """What is sent as rows of numbers."""

    def shape(self, tables: Any, agent: int) -> Hashable:
        """Return what *agent* must have in common with others to predict in a group with them."""

    def predict(
        self, tables: Any, agents: Any, rows: Tensor, architecture: Any, flat: Tensor
    ) -> Tensor:
        """Return what models *flat* ``(G, P)`` say of *rows* ``(G, R)``, ``(G, R, W)``."""

    def width(self, n_classes: int) -> int:
        """Return W, the numbers sent for a row."""

    def head(self, outputs: Outputs) -> Tensor:
        """Return what is sent, ``(G, R, W)``."""

    def log_probabilities(self, values: Tensor, n_classes: int) -> Tensor:
        """Return received values ``(..., R, W)`` as log-probabilities ``(..., R, C)``."""


class Codec(Protocol):
    """What transmission does to numbers."""

    @property
    def lossless(self) -> bool:
        """Whether receivers decode exactly what was encoded."""

    def roundtrip(self, values: Tensor) -> Tensor:
        """Return what receivers decode of *values*, ``(..., R, W)``; each row group by itself."""


class Combination(Protocol):
    """How several teachers become one target."""

    def targets(self, log_p: Tensor, weights: Tensor, temperature: float) -> Tensor:
        """Return targets ``(G, R, C)`` from ``(G, K, R, C)`` and weights ``(G, K, R)``."""

    def pull(self, objective: Any, goals: Any, here: slice) -> Any:
        """Return *objective*'s pull to the targets of the rows *here* of a lesson."""


class Weighting(Protocol):
    """How much each teacher counts."""

    remembers: ClassVar[bool]

    def weights(self, log_p: Tensor, present: Tensor) -> Tensor:
        """Return unnormalised weights ``(G, K, R)``, 0 where *present* is."""


class Heard(Protocol):
    """All that a learner may know of its teachers, at the rows of a step."""

    @property
    def log_p(self) -> Tensor:
        """Their log-probabilities, ``(G, K, R, C)``."""

    @property
    def present(self) -> Tensor:
        """1 where a teacher speaks of a row, else 0: ``(G, K, R)``."""

    @property
    def age_s(self) -> Tensor:
        """How old their contents are, in seconds: ``(G, K)``."""

    @property
    def samples(self) -> Tensor:
        """How many private rows they have, ``(G, K)``."""

    @property
    def label_counts(self) -> Tensor:
        """How many private rows of each class they have, ``(G, K, C)``."""

    @property
    def accuracy(self) -> Tensor:
        """Their accuracy on their private rows when they spoke, ``(G, K)``."""

    @property
    def trust(self) -> Tensor:
        """What one remembers of how much they are trusted, ``(G, K)``; 0 at first."""

    def trusts(self, change: Tensor) -> None:
        """Remember that trust has changed, by *change* ``(G, K)``."""

    def own(self) -> Tensor:
        """Return one's own log-probabilities before the lesson, ``(G, R, C)``."""


class Judge(Protocol):
    """A rule for how much teachers count."""

    def factors(self, heard: Heard) -> Tensor:
        """Return factors of the weights, of a shape that broadcasts to ``(G, K, R)``."""


class Sharpening(Protocol):
    """What is done to the joint target."""

    def sharpen(self, p: Tensor) -> Tensor:
        """Return probabilities ``(..., C)`` made of *p*."""


class RowLoss(Protocol):
    """A distillation loss, one number a row."""

    @property
    def softening(self) -> float:
        """The temperature at which targets are made."""

    @property
    def joint(self) -> tuple[float, float] | None:
        """The factors of CE and of D in steps that see both; None where steps see D alone."""

    @property
    def scale(self) -> float:
        """The factor of D in steps that see D alone."""

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return the loss of each row ``(G, B)`` given targets ``(G, B, C)``.

        An objective may also have ``row_gradient(outputs, targets)``, the gradient of this with
        respect to the logits, ``(G, B, C)``: it saves a pass of automatic differentiation.
        """


class Objective(RowLoss, Protocol):
    """A distillation loss, and what else a method's objective says of learning.

    Each is described in `p2pkd.distillation.base.Objective`, which has the defaults.
    """

    teacher: ClassVar[str]

    @property
    def deployed(self) -> Callable[[Tensor], Tensor] | None:
        """Makes the weights that models use of those that are trained, where they differ."""

    @property
    def penalty_gradient(self) -> Callable[[Tensor, Tensor], Tensor] | None:
        """Gives the gradient of a penalty from weights trained and used."""

    @property
    def by_prototypes(self) -> bool:
        """Whether agents hold on to prototypes, to predict by them."""

    @property
    def held_out(self) -> float | None:
        """The share of private rows that are never trained on."""

    @property
    def consolidation(self) -> tuple[int, float] | None:
        """After how many updates, and how strongly, weights hold on to what mattered."""

    @property
    def public_batch(self) -> int | None:
        """How many public rows a step draws, if not as many as private ones."""

    def teaching(self, knowledge: Any) -> Teaching:
        """Return how groups of agents learn from *knowledge*."""

    def read(self, knowledge: Any, values: Tensor, n_classes: int) -> Tensor:
        """Return received *values* ``(G, K, R, W)`` as they are combined."""

    def pull_to(self, targets: Tensor, share: Tensor, places: Tensor) -> Any:
        """Return the gradient of the loss at outputs, as a function of them."""


class Lesson(Protocol):
    """A message, or the part of it that is kept, as its receiver remembers it."""

    @property
    def contents(self) -> Any:
        """The lazy payload."""

    @property
    def sender(self) -> int:
        """Who told it."""

    @property
    def made_s(self) -> float:
        """When its contents were fixed."""


class Excerpted(Lesson, Protocol):
    """A lesson where memory keeps rows (`Recipe.partial`)."""

    @property
    def at(self) -> Any:
        """Which of the payload's rows are kept, by their places in it."""


@dataclass(frozen=True, eq=False)
class Scored:
    """How good what each of n agents gets is, in accuracy ``(n,)`` on test rows.

    Attributes
    ----------
    on_all : all of them, or of the agent's task, alike.
    own_classes : those whose label the agent has among its private rows; nan where there are none.
    own_distribution : the agent's shares of labels times the accuracies on these classes.  Classes
        without test rows are left out, and the other shares made to add up to 1.
    """

    on_all: NDArray[np.float64]
    own_classes: NDArray[np.float64]
    own_distribution: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """n agents' models on the m test rows, and those of s servers after them.

    Attributes
    ----------
    diverged : ``(n + s,)``, whose model has a parameter, or gives a logit or a loss on a row that
        it is measured on, that is not finite.
    dead : ``(n + s,)``, who has not diverged, and yet gives all rows the very same logits: no unit
        passes anything on, no gradient can change that, and accuracy is chance.
    accuracy, loss : ``(n + s,)``; the loss is the mean cross-entropy in nats.  Nan where diverged.
    own : the accuracies of all these; nan on what is their own for servers, which have no rows.
    labels : ``(n, m)``, the predicted classes.
    mean_probabilities : ``(m, C)``, mean over the agents' models.
    disagreement : share of test rows on which two different models, drawn at random, differ.
    ensemble_accuracy : of the class with the largest mean probability.
        Both are nan where any model has diverged: there is no mean over numbers of which one is
        none, and one over the others would flatter the method.
    scores : by what is delivered to the n agents (`p2pkd.core.scores`), as far as it exists.
    """

    accuracy: NDArray[np.float64]
    loss: NDArray[np.float64]
    labels: NDArray[np.int32]
    mean_probabilities: NDArray[np.float64]
    disagreement: float
    ensemble_accuracy: float
    diverged: NDArray[np.bool_]
    dead: NDArray[np.bool_]
    own: Scored
    scores: Mapping[str, Scored]


class Learner(Protocol):
    """Makes versions of models.  Everything is lazy but what is called a look."""

    def initial(self, agent: int) -> Any:
        """Return the version with which *agent* begins."""

    def train(self, version: Any, steps: int) -> Any:
        """Return *version* after *steps* cross-entropy steps on its agent's private rows."""

    def distill(
        self, version: Any, lessons: Sequence[Lesson], steps: int, now_s: float = 0.0
    ) -> Any:
        """Return *version* after *steps* steps towards the targets that *lessons* make.

        *now_s* is from when the ages of the lessons count.
        """

    def merge(self, version: Any, parts: Sequence[tuple[Any, float]], keeper: int = -1) -> Any:
        """Return *version* with the weighted sum of *parts* as parameters.

        Part number *keeper*, or *version* itself, stands in for others' parts that are not finite.
        """

    def predict(self, version: Any, rows: Rows, *, exact: bool = False) -> Any:
        """Return the payload of *version*'s predictions on the reference rows *rows*.

        Unless *exact*, they are as receivers decode them.
        """

    def mean(self, version: Any, lessons: Sequence[Lesson], now_s: float = 0.0) -> Any:
        """Return the payload of what *lessons* say together, as *version*'s agent combines them."""

    def weights(self, version: Any) -> Any:
        """Return the payload of *version*'s parameters."""

    def evaluate(
        self, versions: Sequence[Any], servers: Sequence[Any] = (), averaged: Sequence[Any] = ()
    ) -> Evaluation | None:
        """Look at agents' *versions* and *servers*' on the test set; None if there are no numbers.

        The first server is the root.  *averaged* are those whose parameters' mean is looked at too;
        default: *versions*.  No version changes by that.
        """

    def discarded(self, versions: Sequence[Any]) -> list[int]:
        """Look at how many messages each of *versions* was told, and did not learn from."""

    def describe(self) -> dict[str, Any]:
        """Return how numbers are computed, for the manifest."""

    def hurry(self) -> None:
        """Wait no more for what may never come: the run is being stopped."""

    def close(self) -> None:
        """End what it computes with; there are no looks any more."""
