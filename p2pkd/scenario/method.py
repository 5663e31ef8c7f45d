"""The five choices that make a method: send, gossip, memory, teachers, learn.

Roots only.  Their members live beside what they do, in `p2pkd.knowledge`, `p2pkd.gossip` and
`p2pkd.distillation`, and are found through the entry-point group ``p2pkd.kinds``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.data import DataSpec
from p2pkd.scenario.models import ModelSpec
from p2pkd.scenario.optimizers import OptimizerSpec, SgdSpec
from p2pkd.scenario.quantities import Count, Duration, Interval, LearningRate, Period, Share, Steps


class KnowledgeSpec(Family, root=True):
    """What leaves the agent."""

    plural = "knowledge"

    about_rows: ClassVar[bool] = True
    """Whether it is told in rows of numbers, made for each message; else models are sent."""
    about_reference: ClassVar[bool] = True
    """Whether these rows are rows of the reference set."""
    proxied: ClassVar[bool] = False
    """Whether only the proxies of duos are sent and merged."""
    knowledge_type: ClassVar[str] = ""
    """What the numbers are: objectives say which types they learn from."""
    same_rows: ClassVar[bool] = False
    """Whether all messages must be about the same rows."""
    of_features: ClassVar[bool] = False
    """Whether inputs are told that only the last layer reads: features that are made."""
    labels_alone: ClassVar[bool] = False
    """Whether nothing is told of how sure the sender is."""
    one_architecture: ClassVar[bool] = False
    """Whether sender and receiver must have the same model."""

    def of_model(self, model: ModelSpec) -> ModelSpec:
        """Return the model that it is about: an agent's own, or its proxy."""
        return model

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield, in words, which of the method's other choices do not go with this one."""
        return iter(())


class CodecSpec(Family, root=True):
    """How knowledge becomes bytes."""

    plural = "codecs"

    looks: ClassVar[bool] = False
    """Whether the size of a message, and so the timeline, depends on what is learned."""
    for_differences: ClassVar[bool] = False
    """Whether it leaves so much out that it suits differences alone."""
    labels_alone: ClassVar[bool] = False
    """Whether nothing is told of how sure the sender is."""

    @property
    def inner(self) -> Any:
        """The codec inside, where this is one around another."""
        return None


class ProtocolSpec(Family, root=True):
    """Who starts an exchange, and who answers."""

    plural = "protocols"

    aggregated: ClassVar[bool] = False
    """Whether aggregators ask, and the others answer."""

    @property
    def cached_rounds(self) -> int | None:
        """For how many rounds a row's mean is kept by all; None: it is not."""
        return None

    @property
    def waits_s(self) -> float | None:
        """For how long answers are waited for, in seconds; None: nobody waits."""
        return None

    @property
    def server_learns(self) -> bool:
        """Whether a server has a model that learns from the predictions it is told."""
        return False

    def following(self, every: float) -> ProtocolSpec:
        """Return the protocol with its defaults as they suit a period of *every* seconds."""
        return self


class PeersSpec(Family, root=True):
    """Which neighbours are chosen."""

    plural = "peers"

    facts: ClassVar[frozenset[str]] = frozenset()
    """What must travel with every message for the choice's sake."""
    looks: ClassVar[bool] = False
    """Whether the choice, and so the timeline, depends on what is learned."""

    def method_misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield, in words, which choices beside `gossip` do not go with this one."""
        return iter(())

    def misfits(self, gossip: GossipSpec) -> Iterator[str]:
        """Yield, in words, which other choices of *gossip* do not go with this one."""
        return iter(())


class FlowSpec(Family, root=True):
    """How often an agent may speak."""

    plural = "flows"

    @property
    def first_turn(self) -> int | None:
        """The first turn at which who has heard nothing may speak; None: it is not known."""
        return None

    def misfits(self, gossip: GossipSpec) -> Iterator[str]:
        """Yield, in words, which other choices of *gossip* do not go with this one."""
        return iter(())


class MemorySpec(Family, root=True):
    """What the receiver keeps."""

    plural = "memories"
    tag = "keep"

    partial: ClassVar[bool] = False
    """Whether it gives back parts of messages."""

    max_age: Period | None = None
    """Messages whose contents are older are no longer used; exactly this old still counts."""
    half_life: Period | None = None
    """Decay: a teacher counts half as much for each such time that its contents are old."""

    def build(self, key: int = 0) -> Any:
        """Return an empty memory (see `p2pkd.knowledge.memory.Memory`).

        *key* is the agent's own, for memories that draw.
        """
        raise TypeError(f"{type(self).__name__} builds no memory")

    def factors(self, heard: Any) -> Any:
        """Return 2^(-age / half_life), ``(G, K, 1)`` (see `p2pkd.learning.api.Judge`)."""
        assert self.half_life is not None
        return (heard.age_s / -self.half_life).exp2().unsqueeze(-1)

    def capacity(self, neighbours: int) -> int:
        """Return how many messages it holds at most, with so many possible senders."""
        raise TypeError(f"{type(self).__name__} has no capacity")


class CombineSpec(Family, root=True):
    """How many peers' tables become one target."""

    plural = "combinations"


class WeightingSpec(Family, root=True):
    """How much each teacher counts."""

    plural = "weightings"

    facts: ClassVar[frozenset[str]] = frozenset()
    """What must travel with every message for the rule's sake; charged."""
    remembers: ClassVar[bool] = False
    """Whether it has a number for each other agent in its learner's own state."""


class FilterSpec(Family, root=True):
    """Which teachers or rows are left out."""

    plural = "filters"

    facts: ClassVar[frozenset[str]] = frozenset()
    """What must travel with every message for the rule's sake; charged."""


class SharpenSpec(Family, root=True):
    """How the joint target is made sharper."""

    plural = "sharpenings"


class PrivacySpec(Family, root=True):
    """What is done to predictions before they leave, so that they tell less."""

    plural = "privacies"


class LearnSpec(Family, root=True):
    """What is minimised, in what order, with how many steps."""

    plural = "objectives"
    tag = "objective"

    teacher: ClassVar[str] = "peers"  # peers | self | none
    uses_reference: ClassVar[bool] = False
    """Whether it needs reference rows, whatever is sent."""
    looks: ClassVar[bool] = False
    """Whether the timeline depends on what is learned."""
    manner: ClassVar[str] = "gossip"
    """What agents do beside learning and speaking at ticks (`p2pkd.engine.behaviours`)."""
    needs: ClassVar[frozenset[str]] = frozenset({"logits"})
    """The hooks that a model must offer (see `p2pkd.scenario.models.ModelSpec`)."""

    optimizer: OptimizerSpec = SgdSpec()
    lr: LearningRate = 0.05
    clip_norm: LearningRate | None = None
    """Largest gradient norm of a step."""
    local_steps: Steps = 5
    """Gradient steps on private data each time the agent learns."""
    batch: Count | Literal["full"] = 32
    when: Literal["tick", "receive"] = "tick"
    """Learn at one's own gossip tick, or upon each message."""
    train_on: Literal["private", "pooled"] = "private"
    """`pooled` lets every agent draw from everybody's rows: the ceiling, not a method."""

    @property
    def turns_between_choices(self) -> int | None:
        """Turns until an agent chooses its architecture again; None: agents keep theirs."""
        return None

    def candidates(self, model: ModelSpec) -> tuple[ModelSpec, ...]:
        """Return the architectures that an agent with *model* may choose from."""
        return (model,)

    def data_misfits(self, data: DataSpec) -> Iterator[str]:
        """Yield, in words, which choices of *data* do not go with this objective."""
        return iter(())

    def misfits(self, method: MethodSpec) -> Iterator[str]:
        """Yield, in words, which of the method's other choices do not go with this one."""
        return iter(())


class SendSpec(Spec):
    """What leaves the agent, and as how many bytes."""

    knowledge: KnowledgeSpec = Field("soft_labels", validate_default=True)
    rows: Count | Literal["all"] = "all"
    """Reference rows in a message; ignored by knowledge that is not about rows."""
    subset: Literal["message", "round", "fixed"] = "message"
    """Rows drawn anew for each message, alike for everybody in a period, or always the same."""
    codec: CodecSpec | None = None
    """Default: what suits the knowledge, without loss."""
    privacy: PrivacySpec | None = None
    """Default: predictions leave as they are."""


class QueueSpec(Spec):
    """Back-pressure: messages wait for their turn at the sender, and not too many of them.

    A message that is dropped is in the books as aborted, with 0 attempts and 0 bytes on the wire.
    """

    limit: Count
    """Messages of an agent that wait at most; with one more, one is dropped."""
    drop: Literal["oldest", "newest"] = "oldest"
    """The one that has waited longest, or the one that has just come."""
    at_once: Count = 1
    """Messages of an agent that are on their way at the same time; the others wait."""


class GossipSpec(Spec):
    """To whom, when, who starts."""

    protocol: ProtocolSpec = Field("push", validate_default=True)
    clock: Literal["periodic", "poisson", "free", "rounds"] = "periodic"
    """Own period; exponential periods (memoryless: each turn is anybody's); as fast as the device
    goes; or synchronous rounds that wait for everybody."""
    every: Interval = 30.0
    """The period; with `rounds`, the shortest time between two rounds' starts."""
    jitter: Share = 0.1
    """Each period is stretched or shrunk by up to this share, drawn anew each time."""
    fanout: Count | Literal["all"] = 1
    """Peers at a tick; `all`, or more than there are, means all of them."""
    peers: PeersSpec = Field("uniform", validate_default=True)
    flow: FlowSpec = Field("none", validate_default=True)
    queue: QueueSpec | None = None
    """Default: messages go on the wire at once, and the links share or queue them."""

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        problems = [*self.peers.misfits(self), *self.flow.misfits(self)]
        if problems:
            raise ValueError("; ".join(problems))
        # In place: the specification is not out of its validation yet.
        object.__setattr__(self, "protocol", self.protocol.following(self.every))
        return self


class TeachersSpec(Spec):
    """How many peers become one target."""

    combine: CombineSpec = Field("mean_probabilities", validate_default=True)
    weights: WeightingSpec = Field("uniform", validate_default=True)
    filters: tuple[FilterSpec, ...] = ()
    """A prediction counts where all of them let it."""
    sharpen: SharpenSpec | None = None
    warm_up: Duration = 0.0
    """No distillation before this time."""


class MethodSpec(Spec):
    """A method of decentralised learning."""

    preset: str | None = None
    """Start from a named method (`p2pkd list presets`); the keys given here change it."""
    send: SendSpec = Field({}, validate_default=True)
    gossip: GossipSpec = Field({}, validate_default=True)
    memory: MemorySpec = Field("latest_per_peer", validate_default=True)
    teachers: TeachersSpec = Field({}, validate_default=True)
    learn: LearnSpec = Field("response", validate_default=True)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        problems = [*self.send.knowledge.misfits(self), *self.learn.misfits(self)]
        problems += self.gossip.peers.method_misfits(self)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def looks(self) -> tuple[str, ...]:
        """The choices, in words, by which the timeline depends on what is learned."""
        choices = {
            "send.codec": self.send.codec,
            "gossip.peers": self.gossip.peers,
            "learn.objective": self.learn,
        }
        return tuple(
            f"{key}: {choice.tag_value}"
            for key, choice in choices.items()
            if choice is not None and choice.looks
        )
