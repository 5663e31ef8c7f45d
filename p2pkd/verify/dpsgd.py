"""D-PSGD without noise, through the whole program, against thirty lines of NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.verify.check import Check

Floats = NDArray[np.float64]

AGENTS, ROUNDS, LR = 6, 6, 0.1


def trajectory(*, fast: bool) -> Iterator[Check]:
    """With full batches every agent's parameters are those of Algorithm 1, round after round."""
    for seed in (3,) if fast else (3, 4, 5):
        ours, reference = _both(seed)
        deviation = max(float(np.abs(a - b).max()) for a, b in zip(ours, reference, strict=True))
        scale = max(float(np.abs(b).max()) for b in reference)
        source = "Lian et al. (NeurIPS 2017), Algorithm 1"
        case = f"largest deviation after {ROUNDS} rounds, seed {seed}"
        # Single precision against double.
        yield Check("D-PSGD", case, 0.0, deviation / scale, 0.0, 1e-5, source)


def reference(
    x: Sequence[Floats], y: Sequence[NDArray[np.int64]], theta: Floats, w: Floats
) -> list[Floats]:
    """Return the parameters ``(d, C)`` of each agent after `ROUNDS` rounds of Algorithm 1.

    All begin with *theta*; agent i has rows ``x[i]`` and labels ``y[i]`` and takes full gradients
    of softmax regression; *w* is the mixing matrix.
    """
    n, classes = len(x), theta.shape[1]
    models = [theta.copy() for _ in range(n)]
    for k in range(ROUNDS):
        gradients = []
        for i in range(n):
            z = x[i] @ models[i]
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            gradients.append(x[i].T @ (p - np.eye(classes)[y[i]]) / len(y[i]))
        # Nobody has heard anything in the first round.
        mix = np.eye(n) if k == 0 else w
        models = [np.tensordot(mix[i], models, 1) - LR * gradients[i] for i in range(n)]
    return models


def metropolis(degree: Sequence[int], edges: Sequence[tuple[int, int]]) -> Floats:
    """Return W with W_ij = 1 / (1 + max(degree i, degree j)) on edges, rows summing to 1."""
    w = np.zeros((len(degree), len(degree)))
    for i, j in edges:
        w[i, j] = w[j, i] = 1 / (1 + max(degree[i], degree[j]))
    return w + np.diag(1 - w.sum(1))


def _both(seed: int) -> tuple[list[Floats], list[Floats]]:
    scenario = scenario_from_dict({**_SCENARIO, "seed": seed})
    simulation = assemble(scenario, Streams(seed), Path(), Observer())
    learner, data = simulation.shared.learner, simulation.world.data
    assert data is not None
    rows = [data.partition.of(i) for i in range(AGENTS)]
    x = [np.c_[data.private_x[r], np.ones(len(r))].astype(float) for r in rows]
    y = [data.private_y[r] for r in rows]

    def theta(version: Any) -> Floats:
        flat = learner.parameters(version).astype(float)
        return np.vstack([flat[:12].reshape(3, 4).T, flat[12:]])

    initial = theta(simulation.agents[0].version)
    simulation.run()
    graph = simulation.world.topology.to_networkx()
    w = metropolis([graph.degree[i] for i in range(AGENTS)], list(graph.edges))
    return [theta(agent.version) for agent in simulation.agents], reference(x, y, initial, w)


_SCENARIO: dict[str, Any] = {
    "name": "verify-dpsgd",
    "duration": f"{10 * ROUNDS - 5} s",
    "agents": AGENTS,
    "topology": {"kind": "erdos_renyi", "p": 0.5},
    "devices": [{"profile": "laptop", "model": "linear"}],
    "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 10}},
    "models": {"start": {"kind": "fresh", "alike": True}},
    "method": {
        "preset": "d-psgd",
        "gossip": {"every": "10 s"},
        "learn": {"batch": "full", "lr": LR},
    },
    "evaluate": {"every": "1 h"},
}
