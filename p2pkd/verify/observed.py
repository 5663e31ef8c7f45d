"""Whole scenarios, run without learning, and all that was recorded of them.

What laws measure here goes through everything that a user's run goes through: the file's units and
defaults, the world, the agents, the network and the counters.  What they expect is written down in
the law, as a formula of the scenario's numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from p2pkd.core.records import (
    AgentRecord,
    ComputeRecord,
    MessageRecord,
    Observer,
    PresenceRecord,
)
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.engine.simulation import Simulation
from p2pkd.scenario.load import scenario_from_dict

# What `base` gives: a row of FEATURES numbers, CLASSES classes, and a linear model between.
FEATURES, CLASSES, REFERENCE = 10, 4, 20
PARAMETERS = CLASSES * (FEATURES + 1)
FORWARD_FLOPS = CLASSES * (2 * FEATURES + 1)
"""A multiplication and an addition for each weight, an addition for each bias."""
HEADER_BYTES = 64
MESSAGE_BYTES = HEADER_BYTES + 4 * REFERENCE * CLASSES
"""Of a message with single-precision predictions of all reference rows."""
FLOPS_PER_S = 1e6
UPLINK, DOWNLINK, LATENCY_S = 2e3, 1e3, 0.05
"""Access rates in bytes/s, and the delay of every pair."""


@dataclass
class Observed(Observer):
    """All records of a run, in the order in which they were told, and the run itself."""

    messages: list[MessageRecord] = field(default_factory=list)
    computations: list[ComputeRecord] = field(default_factory=list)
    presences: list[PresenceRecord] = field(default_factory=list)
    agents: list[AgentRecord] = field(default_factory=list)
    simulation: Simulation | None = None

    def message(self, record: MessageRecord) -> None:
        """Keep it."""
        self.messages.append(record)

    def compute(self, record: ComputeRecord) -> None:
        """Keep it."""
        self.computations.append(record)

    def presence(self, record: PresenceRecord) -> None:
        """Keep it."""
        self.presences.append(record)

    def agent(self, record: AgentRecord) -> None:
        """Keep it."""
        self.agents.append(record)


def observe(values: Mapping[str, Any], seed: int = 0, *, learns: bool = False) -> Observed:
    """Run *values*, without learning unless it *learns*, and return what was recorded."""
    seen = prepare(values, seed, learns=learns)
    assert seen.simulation is not None
    seen.simulation.run()
    return seen


def prepare(values: Mapping[str, Any], seed: int = 0, *, learns: bool = False) -> Observed:
    """Return an observer of the run of *values*, which has not begun."""
    seen = Observed()
    scenario = scenario_from_dict({**values, "seed": seed})
    seen.simulation = assemble(scenario, Streams(seed), Path(), seen, dry_run=not learns)
    return seen


def base(n: int, duration_s: float, **sections: Any) -> dict[str, Any]:
    """Return a scenario of *n* agents on a complete graph, changed as *sections* say.

    In rounds of at least 10 s everybody takes five steps with batches of 32, predicts all reference
    rows and sends the predictions to one other agent.  Mappings are merged into the defaults, and
    anything else replaces them; ``device`` is merged into the one group of devices.
    """
    device = {**_DEVICE, **sections.pop("device", {})}
    values = {
        **_BASE,
        "agents": n,
        "duration": f"{duration_s!r} s",
        "devices": [device],
        # A fifth is for tests and REFERENCE rows are public: each agent owns 20 of the others.
        "data": {**_DATA, "dataset": {**_DATA["dataset"], "rows": 25 * (n + 1)}},
    }
    return merged(values, sections)


def merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* with *changes*, mapping by mapping; another kind or list takes all."""
    result = dict(values)
    for key, change in changes.items():
        known = result.get(key)
        if isinstance(known, Mapping) and isinstance(change, Mapping):
            kind = known.get("kind")
            if change.get("kind", kind) == kind:
                change = merged(known, change)
        result[key] = change
    return result


WEIGHTS_BYTES = HEADER_BYTES + 4 * PARAMETERS


def talking(n: int, duration_s: float, **sections: Any) -> dict[str, Any]:
    """Return a `base` scenario in which nothing is computed, so that all rounds begin sharp.

    Messages have `WEIGHTS_BYTES`.
    """
    quiet = {
        "send": {"knowledge": "weights"},
        "learn": {"objective": "merge", "local_steps": 0},
        "teachers": {"warm_up": "1 h"},
    }
    device = sections.pop("device", {})
    return merged(base(n, duration_s, method=quiet, device=device), sections)


def with_preset(
    name: str, n: int, method: Mapping[str, Any] = {}, duration_s: float = 25.0, **sections: Any
) -> Observed:
    """Return what was recorded of a `base` scenario with the preset *name*, changed by *method*."""
    values = base(n, duration_s, **sections)
    values["method"] = merged({"preset": name, "gossip": {"every": "10 s"}}, method)
    return observe(values)


_DEVICE: dict[str, Any] = {
    "flops": "1 MFLOP/s",
    "memory": "1 GB",
    "uplink": "2 kB/s",
    "downlink": "1 kB/s",
    "idle_power": "2 W",
    "compute_power": "7 W",
    "radio_energy": "3 uJ/B",
    "model": "linear",
}
_DATA: dict[str, Any] = {
    "dataset": {"kind": "synthetic", "features": FEATURES, "classes": CLASSES},
    "reference": {"rows": REFERENCE},
    "partition": {"kind": "iid", "min_rows": 1},
}
_BASE: dict[str, Any] = {
    "name": "verify",
    "topology": "complete",
    "links": {
        "transport": "fair",
        "latency": {"kind": "constant", "value": "50 ms"},
        "header": "64 B",
    },
    "method": {
        "send": {"knowledge": "soft_labels", "codec": "float32"},
        "gossip": {"protocol": "push", "clock": "rounds", "every": "10 s"},
        "learn": {"objective": "local", "local_steps": 5, "batch": 32},
    },
    "evaluate": {"every": "1 h"},
}
