"""Softmax regression on iris in NumPy, and runs of the program to hold against it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.scenario.load import scenario_from_dict

LR = 0.1
CLASSES = 3


class Log(Observer):
    """Keeps messages and computations, in the order in which they ended."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.computations: list[Any] = []

    def message(self, record: Any) -> None:
        self.messages.append(record)

    def compute(self, record: Any) -> None:
        self.computations.append(record)


def played(method: dict[str, Any], **changes: Any) -> SimpleNamespace:
    """Run *method* with full batches; return its log, initial and final models, and gradients."""
    scenario = scenario_from_dict(
        {
            "duration": "65 s",
            "agents": 6,
            "seed": 3,
            "topology": {"kind": "ring", "k": 2},
            "devices": [{"profile": "laptop", "model": "linear"}],
            # Models that differ from the first step on: what is mixed wrongly then shows at once.
            "models": {"start": {"kind": "fresh", "alike": False}},
            "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 10}},
            "evaluate": {"every": "1 h"},
            "method": {**method, "gossip": {"every": "10 s", **method.get("gossip", {})}},
            **changes,
        }
    )
    log = Log()
    simulation = assemble(scenario, Streams(scenario.seed), Path(), log)
    learner, data = simulation.shared.learner, simulation.world.data
    rows = [data.partition.of(i) for i in range(scenario.agents)]
    x = [np.c_[data.private_x[r], np.ones(len(r))].astype(float) for r in rows]
    y = [np.eye(CLASSES)[data.private_y[r]] for r in rows]

    def look() -> np.ndarray:
        flat = [learner.parameters(agent.version) for agent in simulation.agents]
        return np.array(flat, float)

    def gradient(i: int, flat: np.ndarray) -> np.ndarray:
        weights, biases = flat[:-CLASSES].reshape(CLASSES, -1).T, flat[-CLASSES:]
        z = x[i] @ np.vstack([weights, biases])
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        g = x[i].T @ (p - y[i]) / len(y[i])
        return np.concatenate([g[:-1].T.ravel(), g[-1]])

    before = look()
    simulation.run()
    return SimpleNamespace(
        log=log,
        before=before,
        after=look(),
        gradient=gradient,
        agents=simulation.agents,
        simulation=simulation,
        sizes=np.array([len(r) for r in rows], float),
    )


def learn(**keys: Any) -> dict[str, Any]:
    return {"batch": "full", "lr": LR, **keys}
