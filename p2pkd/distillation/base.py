"""What an objective is: a loss on soft targets, and an order of work.

An objective's `learn` is a generator.  It asks the learner for new versions, which the learner may
compute whenever it likes, and yields each as a `Work`, for which the engine charges the device
before the version becomes the agent's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from p2pkd.scenario.method import KnowledgeSpec, LearnSpec, MethodSpec

if TYPE_CHECKING:
    from torch import Tensor

    from p2pkd.learning.api import Outputs


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


PREDICTIONS = frozenset({"probabilities", "log_probabilities", "logits", "labels"})


class Objective(LearnSpec):
    """Base of all objectives."""

    teacher: ClassVar[str] = "peers"  # peers | self | none
    manner: ClassVar[str] = "gossip"
    """What agents do beside learning and speaking at ticks (`p2pkd.engine.behaviours`)."""
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
    def scale(self) -> float:
        """The factor of the distillation loss where cross-entropy has factor 1."""
        return 1.0

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
    return str(getattr(knowledge, "knowledge_type", ""))


def _tells_labels(method: MethodSpec) -> bool:
    """Whether a message tells the most probable class of each row alone.

    What comes back from an aggregator is a mean of labels, which is soft again.
    """
    codec = getattr(method.send.codec, "of", method.send.codec)
    labels = any(getattr(part, "labels_alone", False) for part in (method.send.knowledge, codec))
    return labels and method.gossip.protocol.tag_value != "coordinated"


def kl_divergence(targets: Tensor, log_p: Tensor) -> Tensor:
    """Return KL(targets || p) of each row, in nats, summed over classes.

    *targets* ``(..., C)`` are probabilities, *log_p* ``(..., C)`` log-probabilities.  The sum, not
    PyTorch's default mean over rows *and* classes, which would be C times too weak.
    """
    return (targets * (targets.clamp_min(1e-30).log() - log_p)).sum(-1)
