"""The whole experiment as one frozen value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.aggregators import AggregatorsSpec
from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.churn import ChurnSpec
from p2pkd.scenario.data import DataSpec
from p2pkd.scenario.devices import DeviceSpec
from p2pkd.scenario.dynamics import DynamicsSpec, Static
from p2pkd.scenario.evaluate import EvaluateSpec, default_score, score_misfits
from p2pkd.scenario.links import LinksSpec
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.models import ModelSpec
from p2pkd.scenario.periods import period_misfits
from p2pkd.scenario.quantities import Count, Span, whole
from p2pkd.scenario.servers import server_misfits
from p2pkd.scenario.topology import TopologySpec, WattsStrogatz

# Types of knowledge that aggregators can make a mean of.
AVERAGED = frozenset(
    {"weights", "probabilities", "logits", "labels", "label_averages", "prototypes"}
)
# Types of knowledge that say nothing of classes.
FREE_OF_LABELS = frozenset({"features", "relations", "attention_maps"})


class StartSpec(Family, root=True):
    """What the models know before the run."""

    plural = "starts"


class Fresh(StartSpec):
    """Random weights, each agent its own; or the same for all agents of one architecture."""

    kind: Literal["fresh"] = "fresh"
    alike: bool = False


class Pretrained(StartSpec):
    """Agents of one architecture begin from one model, trained jointly for `steps` steps.

    It is trained on the rows of the reference set with their labels, as if these had been public,
    with batches of 32 and the method's own optimiser.
    """

    kind: Literal["pretrained"] = "pretrained"
    steps: Annotated[int, whole(1, 10**6)] = 200


class ModelsSpec(Spec):
    """What holds for all agents' models."""

    start: StartSpec = Fresh()


class ExecutionSpec(Spec):
    """How the numbers are computed; changes speed, never results beyond the last digits."""

    executor: Literal["auto", "grouped", "loop"] = "auto"
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    threads: Count | None = None
    """Cores to use; default: all."""
    processes: Literal["auto"] | Annotated[Count, Field(le=2)] = "auto"
    """2: learning has a process of its own, beside the event loop.

    `auto`: where there are cores and turns enough, and the timeline depends on nothing learned.
    """
    chunk: Count | None = None
    """Agents computed in one call; default: what fits the cache."""


class Scenario(Spec):
    """An experiment: agents, network, devices, data, method."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "scenario"
    description: str = ""
    seed: Annotated[int, whole(0, 2**63 - 1)] = 0
    duration: Span
    """Simulated time, a million years at most."""
    agents: Count
    topology: TopologySpec = WattsStrogatz()
    dynamics: DynamicsSpec = Static()
    """How the graph changes."""
    links: LinksSpec = LinksSpec()
    devices: Annotated[tuple[DeviceSpec, ...], Field(min_length=1)] = (
        DeviceSpec(profile="laptop"),
    )
    churn: ChurnSpec | None = None
    """Default: everybody is always online."""
    aggregators: AggregatorsSpec | None = None
    """Default: all agents have data and learn."""
    data: DataSpec = DataSpec()
    models: ModelsSpec = ModelsSpec()
    method: MethodSpec = Field({}, validate_default=True)
    evaluate: EvaluateSpec = EvaluateSpec()
    execution: ExecutionSpec = ExecutionSpec()

    @model_validator(mode="after")
    def _periods_end(self) -> Self:
        problems = list(period_misfits(self, self.duration))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        shares = [group.share for group in self.devices]
        given = sum(share for share in shares if share is not None)
        if given > 1 + 1e-9 or (None not in shares and abs(given - 1) > 1e-9):
            raise ValueError(f"devices: the shares add up to {given:.0%}; they must make 100 %")
        return self

    @model_validator(mode="after")
    def _radios_can_sleep(self) -> Self:
        if self.links.transport not in ("tcp", "fair"):
            for i, group in enumerate(self.devices):
                if group.duty is not None and group.duty.radio:
                    raise ValueError(f"devices.{i}.duty.radio: only with transport: tcp or fair")
        return self

    @model_validator(mode="after")
    def _models_have_hooks(self) -> Self:
        learn = self.method.learn
        for i, group in enumerate(self.devices):
            missing = sorted(learn.needs - group.model.hooks)
            if missing:
                kinds = ModelSpec.members.items()
                good = [name for name, kind in kinds if learn.needs <= kind.hooks]
                raise ValueError(
                    f"devices.{i}.model: {group.model.tag_value!r} has no {', '.join(missing)},"
                    f" which learn.objective {learn.tag_value!r} needs; use"
                    f" {' or '.join(good) or 'another objective'}"
                )
        return self

    @model_validator(mode="after")
    def _can_learn_apart(self) -> Self:
        if self.execution.processes == 2:
            looks = "; ".join(f"method.{choice}" for choice in self.method.looks)
            if looks:
                raise ValueError(
                    f"execution.processes: 2, but the timeline depends on what is learned"
                    f" ({looks}); use 1 or auto"
                )
            if self.execution.device != "cpu":
                raise ValueError("execution.processes: 2 is for device cpu; use 1 or auto")
        return self

    @model_validator(mode="after")
    def _data_suit(self) -> Self:
        problems = list(self.method.learn.data_misfits(self.data))
        if self.data.reference.dataset is not None and isinstance(self.models.start, Pretrained):
            problems.append(
                "models.start: 'pretrained' learns from the reference rows' labels, and those of"
                " data.reference.dataset are not the agents'; use fresh"
            )
        if self.data.tasks:
            problems += self._tasks_suit()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _tasks_suit(self) -> Iterator[str]:
        """Yield complaints about what only makes sense where all have the same labels."""
        sent, learn = self.method.send.knowledge, self.method.learn
        kind = sent.knowledge_type
        if learn.teacher == "peers" and kind not in FREE_OF_LABELS:
            yield (
                f"data.tasks: {sent.tag_value!r} are about one task's classes; between tasks send"
                " features, relations or attention_maps"
            )
        if learn.train_on == "pooled":
            yield "data.tasks: rows with different labels cannot be pooled; use train_on: private"
        if isinstance(self.models.start, Pretrained):
            yield "data.tasks: reference rows have no task to pre-train on; use start: fresh"

    @model_validator(mode="after")
    def _aggregators_fit(self) -> Self:
        protocol, learn = self.method.gossip.protocol, self.method.learn
        if (protocol.tag_value == "coordinated") != (self.aggregators is not None):
            wanted = "protocol 'coordinated'" if self.aggregators else "aggregators: {who: hub}"
            raise ValueError(
                f"aggregators and method.gossip.protocol 'coordinated' go together; add {wanted}"
            )
        if self.aggregators is not None and learn.manner != "gossip":
            raise ValueError(f"aggregators: {learn.tag_value!r} is a method without any")
        if self.aggregators is not None:
            self._can_be_averaged()
        return self

    def _can_be_averaged(self) -> None:
        """Raise ValueError where aggregators could make no mean of what they are told."""
        sent = self.method.send.knowledge
        if sent.knowledge_type not in AVERAGED:
            raise ValueError(
                f"method.send.knowledge: aggregators make no mean of {sent.tag_value!r}; send"
                " weights, soft_labels, logits, hard_labels, label_averages or prototypes"
            )
        problems = list(server_misfits(self))
        if problems:
            raise ValueError("; ".join(problems))

    @model_validator(mode="after")
    def _rows_exist(self) -> Self:
        send, reference = self.method.send, self.data.reference.rows
        if not _looks_at_reference(self):
            return self
        if not reference:
            raise ValueError(
                "data.reference.rows: 0, but predictions are made of reference rows; give some, or"
                " send knowledge that needs none: prototypes, label_averages, generator, weights"
            )
        if isinstance(send.rows, int) and send.rows > reference:
            raise ValueError(
                f"method.send.rows: a message of {send.rows} rows needs as many reference rows,"
                f" given data.reference.rows: {reference}"
            )
        return self

    @model_validator(mode="after")
    def _one_architecture(self) -> Self:
        knowledge = self.method.send.knowledge
        sent = [knowledge.of_model(group.model) for group in self.devices]
        models = list(dict.fromkeys(map(_as_written, sent)))
        if knowledge.one_architecture and len(models) > 1:
            raise ValueError(
                f"devices: {knowledge.tag_value!r} can only be sent between agents of one "
                f"architecture, given {', '.join(models)}; give all groups the same model"
            )
        return self

    @model_validator(mode="after")
    def _score_is_there(self) -> Self:
        problems = list(score_misfits(self))
        if problems:
            raise ValueError("; ".join(problems))
        if self.evaluate.score is None:
            # What is not said depends on the rest, and is said from now on.
            said = self.evaluate.model_copy(update={"score": default_score(self)})
            self.__dict__["evaluate"] = said
        return self


def _looks_at_reference(scenario: Scenario) -> bool:
    method, knowledge = scenario.method, scenario.method.send.knowledge
    if isinstance(scenario.models.start, Pretrained):
        return True
    if method.learn.teacher == "none":
        return False
    return knowledge.about_reference or method.learn.uses_reference


def _as_written(model: ModelSpec) -> str:
    keys = model.model_dump(mode="json")
    return f"{{{', '.join(f'{key}: {value}' for key, value in keys.items())}}}"
