"""D-PSGD without noise, through the whole program, against thirty lines of NumPy."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.scenario.load import scenario_from_dict

ROUNDS, LR = 6, 0.1
SCENARIO = {
    "duration": "55 s",
    "agents": 6,
    "seed": 3,
    "topology": {"kind": "watts_strogatz", "k": 2, "p": 0.5, "allow_disconnected": True},
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


def reference(x, y, initial, graph):
    """Lian et al. (2017), Algorithm 1, with full gradients of softmax regression."""
    n, classes = len(x), initial[0].shape[1]
    w = np.zeros((n, n))
    for i, j in graph.edges:
        w[i, j] = w[j, i] = 1 / (1 + max(graph.degree[i], graph.degree[j]))
    w += np.diag(1 - w.sum(1))
    theta = [initial[0].copy() for _ in range(n)]
    for k in range(ROUNDS):
        gradients = []
        for i in range(n):
            z = x[i] @ theta[i]
            p = np.exp(z - z.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            gradients.append(x[i].T @ (p - np.eye(classes)[y[i]]) / len(y[i]))
        # Nobody has heard anything in the first round.
        mix = np.eye(n) if k == 0 else w
        theta = [sum(mix[i, j] * theta[j] for j in range(n)) - LR * gradients[i] for i in range(n)]
    return theta


@pytest.mark.parametrize("seed", [3, 4])
def test_the_trajectory_is_that_of_the_algorithm(seed):
    scenario = scenario_from_dict({**SCENARIO, "seed": seed})
    simulation = assemble(scenario, Streams(seed), Path(), Observer())
    learner, data = simulation.shared.learner, simulation.world.data
    rows = [data.partition.of(i) for i in range(6)]
    x = [np.c_[data.private_x[r], np.ones(len(r))].astype(float) for r in rows]
    y = [data.private_y[r] for r in rows]

    def theta(version):
        flat = learner.parameters(version).astype(float)
        return np.vstack([flat[:12].reshape(3, 4).T, flat[12:]])

    initial = [theta(agent.version) for agent in simulation.agents]
    np.testing.assert_array_equal(initial[0], initial[5])
    simulation.run()
    graph: nx.Graph = simulation.world.topology.to_networkx()
    expected = reference(x, y, initial, graph)
    for agent, wanted in zip(simulation.agents, expected, strict=True):
        np.testing.assert_allclose(theta(agent.version), wanted, rtol=2e-4, atol=2e-5)
