"""FedDF through the whole program, against a loop in NumPy."""

import numpy as np
import pytest
from gossip_oracle import CLASSES, LR, learn, played

import p2pkd
from p2pkd.core.errors import ScenarioError
from p2pkd.learning.data.batches import draws
from p2pkd.scenario.load import scenario_from_dict

STAR = {"agents": 5, "topology": {"kind": "star"}, "aggregators": {"who": "hub"}}
STEPS, BATCH, RATE, CLIP = 7, 4, 0.05, 0.5
SERVER = {
    "server_steps": STEPS,
    "server_batch": BATCH,
    "server_lr": RATE,
    "server_clip_norm": CLIP,
}
FEDDF = "scenarios/methods/preset-feddf.yaml"


def softmax(z):
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def logits(flat, x):
    return x @ flat[:-CLASSES].reshape(CLASSES, -1).T + flat[-CLASSES:]


def fused(student, teachers, rows):
    """Return *student* after steps of Adam, new each time, at half a cosine, clipped at CLIP."""
    m = v = np.zeros_like(student)
    for t in range(STEPS):
        x = rows[t * BATCH : (t + 1) * BATCH]
        goal = softmax(np.mean([logits(teacher, x) for teacher in teachers], 0))
        off = (softmax(logits(student, x)) - goal) / BATCH
        g = np.concatenate([(off.T @ x).ravel(), off.sum(0)])
        g = g * min(1, CLIP / (np.linalg.norm(g) + 1e-6))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        step = (m / (1 - 0.9 ** (t + 1))) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
        student = student - RATE * (1 + np.cos(np.pi * t / STEPS)) / 2 * step
    return student


def test_feddf_is_algorithm_1():
    """Lin et al. (2020): average, then KL towards the received models' mean logits."""
    method = {"preset": "feddf", "learn": learn(optimizer="sgd", local_steps=1, **SERVER)}
    # Rows of all classes: Adam divides by the gradient, and where none is left rounding counts.
    rows = {"rows": 10, "draw": "stratified"}
    data = {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": rows}
    run = played(method, **STAR, data=data)
    world, learner = run.simulation.world, run.simulation.shared.learner
    reference = world.data.reference_x.astype(float)
    keys = learner.tables.distill_keys[np.array([0])]
    server = run.before[0]
    rounds = sum(c.kind == "distill" for c in run.log.computations)
    assert rounds == 7
    for k in range(rounds):
        clients = np.array([server - LR * run.gradient(i, server) for i in range(1, 5)])
        first, size = np.array([k * STEPS * BATCH]), np.array([len(reference)])
        rows = reference[draws(keys, first, STEPS * BATCH, size)[0]]
        server = fused(np.average(clients, 0, run.sizes[1:]), clients, rows)
    np.testing.assert_allclose(run.after[0], server, atol=1e-4)


def test_fusion_is_charged_to_the_server():
    """Three passes a row for the student, one for each teacher."""
    method = {"preset": "feddf", "learn": learn(optimizer="sgd", local_steps=1, **SERVER)}
    run = played(method, **STAR)
    done = [c for c in run.log.computations if c.kind == "distill"]
    samples = STEPS * BATCH + -(-STEPS * BATCH * 4 // 3)
    forward = run.simulation.shared.flops_forward[0]
    assert {(c.agent, c.steps, c.teachers) for c in done} == {(0, STEPS, 4)}
    assert {c.flops for c in done} == {3 * samples * forward}


def test_bytes_are_those_of_fedavg(tmp_path):
    """Fusion costs the server steps, and nobody a byte."""
    ends = [
        p2pkd.simulate(FEDDF, overrides=overrides, out=tmp_path / name)
        for name, overrides in {"df": [], "avg": ["method.learn.server_steps=1"]}.items()
    ]
    per_model = {r.summary["payload_bytes"] / r.summary["messages_sent"] for r in ends}
    assert len(per_model) == 1


def test_without_a_server_it_is_refused():
    method = {"send": {"knowledge": "weights"}, "learn": {"objective": "fusion"}}
    with pytest.raises(ScenarioError, match="'fusion' is what a server does"):
        scenario_from_dict({"duration": "1 min", "agents": 3, "method": method})


def test_it_needs_reference_rows():
    values = {"duration": "1 min", "agents": 3, "topology": "star", "method": {"preset": "feddf"}}
    with pytest.raises(ScenarioError, match="reference"):
        scenario_from_dict({**values, "data": {"reference": {"rows": 0}}})
