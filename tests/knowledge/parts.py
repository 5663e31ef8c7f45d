"""A small world with learning, to take apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.scenario.load import scenario_from_dict

DIGITS = {"dataset": "digits", "reference": {"rows": 32}}
SMALL = {
    "name": "small",
    "seed": 1,
    "duration": "3 min",
    "agents": 4,
    "topology": "ring",
    "data": DIGITS,
    "evaluate": {"every": "3 min"},
}


def make_simulation(data: Any = DIGITS, **method: Any) -> Any:
    """Return a simulation of four agents with *method*, ready to run."""
    scenario = scenario_from_dict({**SMALL, "data": data, "method": method})
    return assemble(scenario, Streams(1), Path(), Observer())
