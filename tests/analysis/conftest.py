"""A run directory made of invented records: three agents, two kinds of devices, five messages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from p2pkd.analysis.result import Result
from p2pkd.core.records import (
    ABORTED,
    DELIVERED,
    IN_FLIGHT,
    LOST,
    AgentRecord,
    ComputeRecord,
    EvaluationRecord,
    MessageRecord,
    Observer,
    PopulationRecord,
    PresenceRecord,
)
from p2pkd.record.directory import RunDirectory

NAN = float("nan")
DURATION_S = 240.0
TEXTS = {"scenario_text": "name: made-up  # <&>\n", "resolved_text": "name: made-up\nseed: 7\n"}

# number, sender, receiver, sent, ended, status, retransmitted, crossed
MESSAGES = (
    (0, 0, 1, 10.0, 12.0, DELIVERED, 0, 1064),
    (1, 1, 2, 10.5, 70.0, DELIVERED, 1064, 1064),
    (2, 0, 2, 11.0, 80.0, LOST, 1064, 1064),
    (3, 2, 0, 100.0, 130.0, ABORTED, 0, 400),
    (4, 2, 1, 239.0, 240.0, IN_FLIGHT, 0, 100),
)
ACCURACY = {
    0.0: (0.1, 0.1, 0.1),
    60.0: (0.3, 0.4, 0.2),
    120.0: (0.6, 0.7, 0.5),
    240.0: (0.9, 0.8, 0.7),
}


def messages() -> list[MessageRecord]:
    return [
        MessageRecord(
            number, "soft_labels", sender, receiver, sent, ended, status,
            1000, 64, again, again + crossed, 1 + (again > 0), number, 50, -1,
        )
        for number, sender, receiver, sent, ended, status, again, crossed in MESSAGES
    ]  # fmt: skip


def emit(observer: Observer, *, taught: bool = True) -> None:
    for message in messages():
        observer.message(message)
    for agent in range(3):
        observer.compute(ComputeRecord(agent, "train", 1.0, 4.0, 3e6, 6.0, 5, 0, NAN, 5, True))
        if taught:
            observer.compute(
                ComputeRecord(agent, "distill", 20.0, 50.0, 3e6, 60.0, 5, 1, 8.0, 10, True)
            )
    for time, accuracies in ACCURACY.items():
        for agent, accuracy in enumerate(accuracies):
            observer.evaluation(EvaluationRecord(time, agent, 5, accuracy, 1.0))
        mean = sum(accuracies) / 3
        observer.population(PopulationRecord(time, 3, 3, mean, 0.1, 1.0, 0.4, mean + 0.05))
    observer.presence(PresenceRecord(130.0, 0, False, "churn"))
    observer.presence(PresenceRecord(200.0, 0, True, "churn"))
    for agent in range(3):
        observer.agent(agent_record(agent, steps=5 if taught else 0))
    observer.advance(DURATION_S, 99)


def agent_record(agent: int, steps: int) -> AgentRecord:
    values: dict[str, Any] = dict.fromkeys(AgentRecord._fields, 0)
    values |= {"agent": agent, "node": "abc"[agent], "device": "phone" if agent else "laptop"}
    values |= {"model": "mlp 64-32-10" if agent else "mlp 64-64-10", "online_s": DURATION_S}
    values |= {"parameters": 2410 if agent else 4810, "computing_s": 33.0, "energy_j": 66.0}
    values |= {"train_steps": 5, "distill_steps": steps, "wire_bytes": 1000 * (agent + 1)}
    values |= {"accuracy": ACCURACY[240.0][agent], "setup_bytes": 500, "private_rows": 40}
    return AgentRecord(**values)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Result]:
    """Make a run directory and open it: ``make_run(name="x", status="done", **manifest)``."""

    def make(
        name: str = "made-up",
        status: str = "done",
        records: Callable[[Observer], None] = emit,
        **extra: Any,
    ) -> Result:
        facts = {"name": name, "seed": 7, "reference_set": "preloaded", "classes": 10, **extra}
        path = tmp_path / "runs" / f"{len(list(tmp_path.glob('runs/*')))}"
        with RunDirectory.create(path, **TEXTS, extra=facts) as run:
            records(run.recorder)
            graph = {"nodes": ["a", "b", "c"], "edges": [[0, 1], [1, 2]], "positions": None}
            run.write_json("topology.json", graph)
            run.finish(status)
        return Result.from_dir(path)

    return make


@pytest.fixture
def result(make_run: Callable[..., Result]) -> Result:
    """The invented run."""
    return make_run()
