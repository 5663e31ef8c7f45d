"""Small worlds for objectives: the timeline alone, and real numbers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams


class Log(Observer):
    """Keeps messages and computations, in order."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.computations: list[Any] = []
        self.message = self.messages.append
        self.compute = self.computations.append


SMALL: dict[str, Any] = {
    "duration": "3 min",
    "agents": 6,
    "topology": {"kind": "ring"},
    "links": {"transport": "instant"},
    "data": {"dataset": "digits", "reference": {"rows": 64}},
}


@pytest.fixture
def run():
    """Run a method in a ring of six; returns (simulation, log).  Without numbers by default."""
    from p2pkd.engine.assemble import assemble
    from p2pkd.scenario.load import scenario_from_dict

    def run(method: dict[str, Any], *, numbers: bool = False, **changes: Any) -> Any:
        scenario = scenario_from_dict({**SMALL, "method": method, **changes})
        log = Log()
        simulation = assemble(scenario, Streams(scenario.seed), Path(), log, dry_run=not numbers)
        simulation.run()
        return simulation, log

    return run


@pytest.fixture
def outputs():
    """Make a model's outputs of logits and features."""

    def outputs(logits: Any = None, features: Any = None, **more: Any) -> Any:
        return SimpleNamespace(logits=logits, features=features, **more)

    return outputs
