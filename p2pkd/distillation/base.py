"""What an objective is: a loss on soft targets, and an order of work.

An objective's `learn` is a generator.  It asks the learner for new versions, which the learner may
compute whenever it likes, and yields each as a `Work`, for which the engine charges the device
before the version becomes the agent's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from p2pkd.scenario.method import KnowledgeSpec, LearnSpec, MethodSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs
    from p2pkd.learning.training.teaching import Teaching


@dataclass(slots=True)  # a quarter faster to make than a tuple with names
class Work:
    """One computation of an agent: its kind (a record's), its product and its size."""

    kind: str
    version: Any
    steps: int
    samples: int  # rows that go forward and backward through the model
    parts: int = 0  # parameter vectors added up


class Apprentice(Protocol):
    """What an objective may know of the agent that learns: its versions and its place."""

    agent: int
    version: Any
    updates: int

    @property
    def degree(self) -> int:
        """How many neighbours it has now."""

    def train(self, version: Any, steps: int) -> Work:
        """Return the work of *steps* cross-entropy steps on private rows."""

    def distill(self, version: Any, lessons: Sequence[Any], steps: int) -> Work:
        """Return the work of *steps* steps towards the teachers' targets."""

    def merge(self, version: Any, parts: Sequence[tuple[Any, float]], keeper: int = -1) -> Work:
        """Return the work of replacing *version*'s parameters by a weighted sum.

        Part number *keeper*, or *version* itself, stands in for others' that are not finite.
        """

    def degree_of(self, agent: int) -> int:
        """Return how many neighbours another agent has."""

    def view_of(self, agent: int) -> int:
        """Return the number of an agent's view of the data; 0 where all see the same."""


class Costs(Protocol):
    """What an objective may know of a run to say what its steps cost."""

    @property
    def composer(self) -> Any:
        """What travels (`p2pkd.knowledge.exchange.Exchange`)."""

    @property
    def private_rows(self) -> Sequence[int]:
        """How many private rows each agent has."""

    def batch_of(self, agent: int) -> int:
        """Return how many private rows a gradient step of *agent* sees."""


PREDICTIONS = frozenset({"probabilities", "log_probabilities", "logits", "labels"})


class Objective(LearnSpec):
    """Base of all objectives."""

    deployed: ClassVar[Callable[..., Tensor] | None] = None
    """Makes the weights ``(G, P)`` that models use of those that are trained, where they differ."""
    penalty_gradient: ClassVar[Callable[..., Tensor] | None] = None
    """Gives the gradient of a penalty, ``(G, P)``, from weights trained and used."""
    passes: ClassVar[int] = 1
    """What a distillation step on a row costs, in ordinary steps."""
    told_bytes: ClassVar[int] = 0
    """What each message tells beside knowledge, for its sake."""
    second_model: ClassVar[bool] = False
    """Whether a received model learns too, and needs memory as one's own does."""
    by_prototypes: ClassVar[bool] = False
    """Whether agents hold on to prototypes, to predict by them."""
    learns_from: ClassVar[frozenset[str]] = PREDICTIONS
    """The types of knowledge (its `knowledge_type`) that its teachers may send."""

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield complaints where it cannot learn from what is sent, or softens mere labels."""
        knowledge = method.send.knowledge
        if self.teacher != "none" and _type_of(knowledge) not in self.learns_from:
            members = KnowledgeSpec.members.items()
            good = [name for name, kind in members if _type_of(kind) in self.learns_from]
            wanted = " or ".join(filter(None, [", ".join(good[:-1]), *good[-1:]]))
            yield (
                f"learn.objective: {self.tag_value!r} learns from {wanted};"
                f" send.knowledge is {knowledge.tag_value!r}"
            )
        if self.teacher == "peers" and self.softening != 1 and _tells_labels(method):
            yield (
                f"learn.temperature: {self.softening:g}, but labels are sent; they cannot be"
                " softened, and the factor T^2 would only make them louder; use 1"
            )

    @property
    def softening(self) -> float:
        """The temperature at which targets are made."""
        return 1.0

    @property
    def joint(self) -> tuple[float, float] | None:
        """The factors of cross-entropy and of distillation in joint steps; None: phases apart."""
        return None

    @property
    def digestion_steps(self) -> int:
        """Steps towards teachers in a phase of their own, each time that the agent learns."""
        return 0

    @property
    def scale(self) -> float:
        """The factor of the distillation loss where cross-entropy has factor 1."""
        return 1.0

    # What few objectives change: how much is done, and how what is heard is used.

    @property
    def refresh_s(self) -> float:
        """How old one's own snapshot may become, where one is one's own teacher."""
        return 0.0

    @property
    def teach_after_s(self) -> float | None:
        """For how long agents train alone to be teachers, once and for all, afterwards."""
        return None

    @property
    def held_out(self) -> float | None:
        """The share of private rows that are never trained on."""
        return None

    @property
    def consolidation(self) -> tuple[int, float] | None:
        """After how many updates, and how strongly, weights hold on to what mattered."""
        return None

    @property
    def public_batch(self) -> int | None:
        """How many public rows a step towards teachers draws, if not as many as private ones."""
        return None

    def teaching(self, knowledge: Any) -> Teaching:
        """Return how groups of agents learn from *knowledge*: as suits it."""
        teaching: Teaching = knowledge.teaching()
        return teaching

    def combination(self, given: Any) -> Any:
        """Return how several teachers become one target: as `teachers.combine`, *given*, says."""
        return given

    def read(self, knowledge: Any, values: Tensor, n_classes: int) -> Tensor:
        """Return received *values* ``(G, K, R, W)`` as they are combined: log-probabilities."""
        log_p: Tensor = knowledge.log_probabilities(values, n_classes)
        return log_p

    def pull_to(self, targets: Tensor, share: Tensor, places: Tensor) -> Any:
        """Return the gradient of the loss at outputs, as a function of them.

        *targets* are ``(G, B, ...)``, *share* ``(G, B)`` what each row counts, *places* as in
        `p2pkd.learning.training.steps.Goals`.
        """
        from p2pkd.learning.training.objectives import distillation_pull

        return distillation_pull(self, targets, share)

    def lesson_rows(self, costs: Costs, agent: int, heard: int, steps: int) -> int:
        """Return what *steps* steps on a lesson of *heard* messages cost, in rows of a step.

        Here: reference rows, and private ones where steps are joint.
        """
        rows = costs.composer.lesson_rows(agent) if self.batch == "full" else self.batch
        rows *= self.passes
        return steps * (rows + (costs.batch_of(agent) if self.joint is not None else 0))

    @property
    def mixed(self) -> Any:
        """How models that are received are averaged (`p2pkd.distillation.merge`); None: alike."""
        return None

    def fuse(self, agent: Any, answers: Sequence[Any]) -> Work | None:
        """Return a server's work with the models in *answers*, beside averaging; None: none."""
        return None

    def row_loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Return the loss of each row, ``(G, B)``, given target probabilities ``(G, B, C)``."""
        raise TypeError(f"objective {type(self).__name__} does not distil")

    def follow(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the work of an agent that its aggregator asks to learn from *lessons*."""
        yield from self.learn(agent, lessons)

    def learn(self, agent: Apprentice, lessons: Sequence[Any]) -> Iterator[Work]:
        """Yield the agent's work, given what its memory holds."""
        raise TypeError(f"objective {type(self).__name__} does not learn")


def _type_of(knowledge: Any) -> str:
    return str(knowledge.knowledge_type)


def _tells_labels(method: MethodSpec) -> bool:
    """Whether a message tells the most probable class of each row alone.

    What comes back from an aggregator is a mean of labels, which is soft again.
    """
    codec = method.send.codec
    codec = codec and (codec.inner or codec)
    labels = method.send.knowledge.labels_alone or (codec is not None and codec.labels_alone)
    return labels and method.gossip.protocol.tag_value != "coordinated"


def kl_divergence(targets: Tensor, log_p: Tensor) -> Tensor:
    """Return KL(targets || p) of each row, in nats, summed over classes.

    *targets* ``(..., C)`` are probabilities, *log_p* ``(..., C)`` log-probabilities.  The sum, not
    PyTorch's default mean over rows *and* classes, which would be C times too weak.
    """
    return (targets * (targets.clamp_min(1e-30).log() - log_p)).sum(-1)
