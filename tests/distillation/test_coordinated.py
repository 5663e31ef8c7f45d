"""Servers and clients through the whole program, against loops in NumPy."""

import numpy as np
import pytest
from gossip_oracle import CLASSES, LR, learn, played

from p2pkd.scenario.presets import load_preset

ROUNDS = 7
STAR = {"agents": 7, "topology": {"kind": "star"}, "aggregators": {"who": "hub"}}
TREE = {
    "agents": 10,
    "topology": {"kind": "balanced_tree", "branching": 3},
    "aggregators": {"who": [0, 1, 2]},
}
ALIKE = {"start": {"kind": "fresh", "alike": True}}


def close(one, other):
    np.testing.assert_allclose(one, other, atol=2e-5 * np.abs(other).max())


# -- models ----------------------------------------------------------------------------------------


def test_fedavg_is_algorithm_1():
    """McMahan et al. (2017): w <- sum n_k / n (w - lr g_k(w)) over the clients drawn."""
    protocol = {"kind": "coordinated", "fraction": 0.5}
    method = {"preset": "fedavg", "gossip": {"protocol": protocol}, "learn": learn(local_steps=1)}
    run = played(method, data=skewed(), **STAR)
    server, clients = run.before[0], run.before.copy()
    for k in range(ROUNDS):
        cohort = [m.receiver for m in run.log.messages if m.sender == 0 and m.sent_s // 10 == k]
        assert len(cohort) == 3
        for i in cohort:
            clients[i] = server - LR * run.gradient(i, server)
        server = np.average([clients[i] for i in cohort], 0, run.sizes[cohort])
    assert len({m.receiver for m in run.log.messages if m.sender == 0}) > 3
    assert len(set(run.sizes[1:])) > 3
    close(run.after[0], server)
    close(run.after[1:], clients[1:])


def test_hierarchical_averaging_is_rounds_within_rounds():
    """Liu et al. (2020): kappa_2 = 2 edge rounds of kappa_1 = 1 step, then the cloud's average."""
    method = {"preset": "hierarchical", "learn": learn(local_steps=1)}
    run = played(method, data=skewed(), **TREE)
    below = {1: [4, 5, 6], 2: [7, 8, 9]}
    # Agent 3 is the root's own client.
    cloud = run.before[0]
    for _ in range(ROUNDS):
        edges = []
        for clients in below.values():
            edge = cloud
            for _ in range(2):
                steps = [edge - LR * run.gradient(i, edge) for i in clients]
                edge = np.average(steps, 0, run.sizes[clients])
            edges.append(edge)
        own = cloud - LR * run.gradient(3, cloud)
        weights = [run.sizes[c].sum() for c in below.values()]
        cloud = np.average([*edges, own], 0, [*weights, run.sizes[3]])
    close(run.after[0], cloud)


def skewed():
    return {
        "dataset": {"kind": "sklearn", "name": "iris"},
        "reference": {"rows": 10},
        "partition": {"kind": "dirichlet", "alpha": 1.0, "min_rows": 4},
    }


# -- predictions -----------------------------------------------------------------------------------


def softmax(z):
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def mean_logits(z):
    return z.mean(0)


def absolute(z, goal):
    """The gradient of the mean absolute error of logits, FedMD's."""
    return np.sign(z - goal) / CLASSES


def era(z):
    return softmax(softmax(z).mean(0) / 0.1)


def kl(z, goal):
    return softmax(z) - goal


@pytest.mark.parametrize(
    ("preset", "targets", "slope"),
    [("fedmd-star", mean_logits, absolute), ("ds-fl-star", era, kl)],
)
def test_a_server_averages_predictions(preset, targets, slope):
    """Each round: digest the last mean, revisit one's rows, predict; DS-FL's server digests too."""
    method = {
        "preset": preset,
        "send": {"codec": "float32"},
        "gossip": {"protocol": {"kind": "coordinated", "server_steps": 2 * (slope is kl)}},
        "learn": learn(optimizer="sgd", local_steps=1, distill_steps=1),
    }
    run = played(method, **STAR)
    x, reference = run.before.copy(), run.simulation.world.data.reference_x.astype(float)
    ones = np.c_[reference, np.ones(len(reference))]

    def logits(flat):
        return ones @ np.vstack([flat[:-CLASSES].reshape(CLASSES, -1).T, flat[-CLASSES:]])

    def digest(flat, goal):
        g = ones.T @ slope(logits(flat), goal) / len(ones)
        return flat - LR * np.concatenate([g[:-1].T.ravel(), g[-1]])

    def revisit(i, flat):
        return flat - LR * run.gradient(i, flat)

    order = load_preset(preset.removesuffix("-star")).method.plain()["learn"]["order"]
    goal = None
    for _ in range(ROUNDS):
        for i in range(1, 7):
            if goal is None:
                x[i] = revisit(i, x[i])
            elif order == "digest_then_revisit":
                x[i] = revisit(i, digest(x[i], goal))
            else:
                x[i] = digest(revisit(i, x[i]), goal)
        goal = targets(np.array([logits(x[i]) for i in range(1, 7)]))
        if slope is kl:
            x[0] = digest(digest(x[0], goal), goal)
    close(run.after[1:], x[1:])
    close(run.after[0], x[0])


def test_a_tree_of_servers_gives_the_same_mean():
    """Whoever collects, each leaf counts once."""
    method = {
        "preset": "ds-fl-star",
        "learn": learn(optimizer="sgd", local_steps=1, distill_steps=1),
    }
    leaves = {3: 1, 4: 2, 5: 3, 6: 4, 7: 5, 8: 6, 9: 7}
    tree = played(method, models=ALIKE, **TREE)
    star = played(method, models=ALIKE, **{**STAR, "agents": 8})
    close(tree.after[0], star.after[0])  # the root's own model, which learns the mean too
    # Agents differ in their keys, and batches are full: only rows and start matter.
    rows = [tree.simulation.world.data.partition.of(i) for i in leaves]
    others = [star.simulation.world.data.partition.of(i) for i in leaves.values()]
    for one, other in zip(rows, others, strict=True):
        np.testing.assert_array_equal(one, other)
    close(tree.after[list(leaves)], star.after[list(leaves.values())])


def test_each_is_told_the_mean_of_the_others_where_asked():
    method = {"preset": "fd-star", "learn": learn(optimizer="sgd", local_steps=1)}
    run = played(method, **STAR)
    for member in run.agents[1:]:
        assert [memo.sender for memo in member.told] == [
            i for i in range(1, 7) if i != member.agent
        ]


def test_servers_of_predictions_are_not_measured():
    def accuracies(preset):
        run = played({"preset": preset, "learn": learn(optimizer="sgd")}, **STAR)
        return [run.simulation.evaluator.accuracy_of(i) for i in range(7)]

    assert np.isnan(accuracies("fedmd-star")[0])
    assert not np.isnan(accuracies("fedmd-star")[1:]).any()
    assert not np.isnan(accuracies("fedavg")).any()
