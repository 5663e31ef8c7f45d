"""Servers that learn from predictions, tell what they think, and remember rows, against NumPy."""

from pathlib import Path

import numpy as np
import pytest
from gossip_oracle import CLASSES, LR, learn, played

import p2pkd
from p2pkd.core.errors import InputError, ScenarioError
from p2pkd.core.rng import Streams
from p2pkd.engine.behaviours.caching import CachingMember, Target, Update
from p2pkd.engine.message import Contents, Message
from p2pkd.engine.profile import make_profile
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.world.world import build_world

STAR = {"agents": 5, "topology": {"kind": "star"}, "aggregators": {"who": "hub"}}
FOLDER = "scenarios/methods"
REFERENCE, ROWS, KEPT = 10, 4, 3
TIME = {"clock": "rounds", "every": "10 s"}


def softmax(z):
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


class World:
    """Linear models on the reference rows of a run."""

    def __init__(self, run):
        self.run = run
        x = run.simulation.world.data.reference_x.astype(float)
        self.x = np.c_[x, np.ones(len(x))]

    def logits(self, flat, rows=slice(None)):
        weights = np.vstack([flat[:-CLASSES].reshape(CLASSES, -1).T, flat[-CLASSES:]])
        return self.x[rows] @ weights

    def digest(self, flat, goal, rows=slice(None)):
        x = self.x[rows]
        g = x.T @ (softmax(self.logits(flat, rows)) - goal) / len(x)
        return flat - LR * np.concatenate([g[:-1].T.ravel(), g[-1]])

    def revisit(self, i, flat):
        return flat - LR * self.run.gradient(i, flat)


def close(one, other):
    np.testing.assert_allclose(one, other, atol=2e-5 * np.abs(other).max())


# -- scarlet ---------------------------------------------------------------------------------------


def scarlet(**changes):
    method = {
        "preset": "scarlet",
        "send": {"rows": ROWS},
        "gossip": {"protocol": {"kind": "coordinated", "cache": KEPT, "server_steps": 1}},
        "learn": learn(optimizer="sgd", local_steps=1, distill_steps=1),
    }
    return played(method, **{**STAR, "duration": "125 s", **changes})


def rows_of_rounds(run, n):
    return [run.simulation.shared.composer.rows_of(k) for k in range(n)]


def sizes(run):
    """Return the messages from the server and to it, as (kind of message, bytes), in order."""
    asked = [m for m in run.log.messages if m.sender == 0 and m.kind == "request"]
    told = [m for m in run.log.messages if m.sender == 0 and m.kind != "request"]
    answers = [m for m in run.log.messages if m.sender != 0]
    return asked, answers, told


def test_scarlet_keeps_means_for_some_rounds():
    """Azuma et al. (2025): p^2 / sum p^2 of means that are asked for again after D rounds."""
    run = scarlet()
    world, x = World(run), run.before.copy()
    rounds = rows_of_rounds(run, 13)
    assert len({tuple(rows) for rows in rounds}) > 5
    cache, born = np.zeros((REFERENCE, CLASSES)), np.full(REFERENCE, -np.inf)
    last = None
    for k, rows in enumerate(rounds):
        for i in range(1, 5):
            if last is not None:
                x[i] = world.digest(x[i], cache[last], last)
            x[i] = world.revisit(i, x[i])
        missing = rows[k - born[rows] >= KEPT]
        mean = np.mean([softmax(world.logits(x[i], missing)) for i in range(1, 5)], 0)
        cache[missing] = mean**2 / (mean**2).sum(1, keepdims=True)
        born[missing] = k
        x[0], last = world.digest(x[0], cache[rows], rows), rows
    assert run.simulation.agents[0].round == 13
    close(run.after, x)


def test_scarlet_sends_what_is_missing_or_expired_to_the_byte():
    """Ids up front, tables up, and down ids, two bits a row and the new tables."""
    run = scarlet()
    asked, answers, told = sizes(run)
    born = np.full(REFERENCE, -np.inf)
    for k, rows in enumerate(rows_of_rounds(run, 13)):
        missing = rows[k - born[rows] >= KEPT]
        born[missing] = k
        here = slice(4 * k, 4 * k + 4)
        assert {m.payload_bytes for m in asked[here]} == {4 * len(missing)}
        assert {m.payload_bytes for m in answers[here]} == {4 * CLASSES * len(missing)}
        down = 4 * ROWS + -(-2 * ROWS // 8) + 4 * CLASSES * len(missing)
        assert {m.payload_bytes for m in told[here]} == {down}
        assert {m.rows for m in told[here]} == {len(missing)}
    assert any(m.payload_bytes == 0 for m in answers)


def test_all_rows_need_no_ids():
    run = scarlet()
    whole = played(
        {
            "preset": "scarlet",
            "send": {"rows": "all"},
            "gossip": {"protocol": {"kind": "coordinated", "cache": KEPT}},
        },
        **STAR,
    )
    asked, _, told = sizes(whole)
    assert {m.payload_bytes for m in asked} == {0}
    table, signals = 4 * CLASSES * REFERENCE, -(-2 * REFERENCE // 8)
    assert [m.payload_bytes for m in told[::4]] == [
        signals + table * (k % KEPT == 0) for k in range(7)
    ]
    assert run.simulation.agents[0].round == 13


def test_who_has_missed_an_update_does_without_its_rows():
    """A cached row that never came is not learned; memory that is lost is all forgotten."""
    run = scarlet()
    last = rows_of_rounds(run, 13)[-1]
    for member in run.agents[1:]:
        known = np.concatenate([lesson.rows for lesson in member.told])
        np.testing.assert_array_equal(np.sort(known), last)
    # Of the round's rows it is told all but one, which it should have from an earlier round.
    update = Update(Target(None, last[1:], 0, 0.0, 1), last)
    newcomer = CachingMember(1, run.simulation.shared, run.agents[1].device)
    newcomer.hear(Message(0, 1, Contents("soft_labels", update), asks=False, replies_to=-1))
    (lesson,) = newcomer.told
    np.testing.assert_array_equal(lesson.rows, last[1:])
    newcomer.stop(resumes=False, keeps_memory=False)
    assert (newcomer.cache.read(125.0), newcomer.told) == ([], ())


def test_a_cache_for_one_round_is_ds_fl():
    """With nothing kept, all is asked for each time: the same numbers as without a cache."""
    ends = []
    for cache in (1, None):
        method = {
            "preset": "scarlet",
            "send": {"rows": "all"},
            "gossip": {"protocol": {"kind": "coordinated", "cache": cache}},
            "learn": learn(optimizer="sgd", local_steps=1, distill_steps=1),
        }
        ends.append(played(method, **STAR).after)
    close(*ends)


@pytest.mark.parametrize(
    ("method", "complaint"),
    [
        ({"send": {"codec": "delta", "rows": "all"}}, "one of fixed size"),
        ({"send": {"knowledge": "logits"}}, "use soft_labels"),
        ({"teachers": {"filters": ["min_agreement"]}}, "could not be kept"),
        ({"teachers": {"weights": "samples"}}, "uniform, confidence or entropy"),
        ({"learn": {"order": "joint"}}, "private rows too, and a server has none"),
        ({"learn": {"objective": "local"}}, "learns from no messages"),
        ({"gossip": {"protocol": {"tells": "model"}}}, "'model' is not what is kept"),
        (
            {"gossip": {"protocol": {"server_steps": 0, "cache": None, "tells": "model"}}},
            "has none",
        ),
        ({"preset": "fedavg", "gossip": {"protocol": {"cache": 3}}}, "weights are sent"),
    ],
)
def test_what_servers_cannot_do_is_refused(method, complaint):
    values = {"duration": "1 min", "agents": 3, "topology": "star"}
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict({**values, "method": {"preset": "scarlet", **method}})


def test_one_server_keeps_the_rows():
    tree = {"agents": 10, "topology": {"kind": "balanced_tree", "branching": 3}}
    with pytest.raises(InputError, match="use a star"):
        scarlet(**tree, aggregators={"who": [0, 1, 2]})


# -- cfd -------------------------------------------------------------------------------------------


def test_cfd_teaches_what_its_server_has_learned():
    """Sattler et al. (2022): one-hot labels up, the server digests their mean, its labels down."""
    method = {
        "preset": "cfd",
        "gossip": {"protocol": {"kind": "coordinated", "server_steps": 3, "tells": "model"}},
        "learn": learn(optimizer="sgd", local_steps=1, distill_steps=1),
    }
    run = played(method, **STAR)
    world, x, goal = World(run), run.before.copy(), None
    for _ in range(7):
        for i in range(1, 5):
            if goal is not None:
                x[i] = world.digest(x[i], goal)
            x[i] = world.revisit(i, x[i])
        votes = [np.eye(CLASSES)[world.logits(x[i]).argmax(1)] for i in range(1, 5)]
        for _ in range(3):
            x[0] = world.digest(x[0], np.mean(votes, 0))
        goal = softmax(world.logits(x[0]))
    close(run.after, x)
    _, answers, told = sizes(run)
    assert {m.payload_bytes for m in told} == {4 * CLASSES * REFERENCE}
    first = answers[:4]
    assert all(m.payload_bytes <= 1 + -(-REFERENCE * np.log2(CLASSES) // 8) for m in first)


def test_differences_to_a_server_lose_nothing(tmp_path):
    """The learning is that of the codec inside; only bytes differ."""
    delta = p2pkd.simulate(f"{FOLDER}/preset-cfd.yaml", out=tmp_path / "delta")
    whole = p2pkd.simulate(
        f"{FOLDER}/preset-cfd.yaml",
        overrides=["method.send.codec={kind: bits, b: 1}"],
        out=tmp_path / "whole",
    )
    assert list(delta.agents.accuracy) == list(whole.agents.accuracy)
    assert delta.summary["payload_bytes"] != whole.summary["payload_bytes"]


# -- costs, and however it is computed -----------------------------------------------------------


def test_the_servers_steps_are_charged_to_its_device():
    run = scarlet()
    done = [c for c in run.log.computations if c.agent == 0 and c.kind == "distill"]
    forward = run.simulation.shared.flops_forward[0]
    assert {c.steps for c in done} == {1}
    assert {c.flops for c in done} == {3 * ROWS * forward}


def test_the_cache_is_in_the_memory_that_is_checked():
    plain, cached = (
        scenario_from_dict(
            {
                "duration": "1 min",
                "agents": 3,
                "topology": "star",
                "method": {"preset": "scarlet", "gossip": {"protocol": {"cache": cache}}},
            }
        )
        for cache in (None, 5)
    )
    need = []
    for scenario in (plain, cached):
        world = build_world(scenario, Streams(0), Path())
        need.append(make_profile(scenario, world).memory_bytes[1])
    assert need[1] - need[0] == 4 * 10 * cached.data.reference.rows


@pytest.mark.parametrize("name", ["scarlet", "ds-fl-star"])
def test_the_timeline_runs_dry(name, tmp_path):
    path = f"{FOLDER}/preset-{name}.yaml"
    wet = p2pkd.simulate(path, out=tmp_path / "wet")
    dry = p2pkd.simulate(path, dry_run=True, out=tmp_path / "dry")
    for key in ("payload_bytes", "wire_bytes", "energy_j", "distill_steps"):
        assert dry.summary[key] == wet.summary[key]


@pytest.mark.parametrize("name", ["scarlet", "ds-fl-star", "cfd", "feddf"])
def test_the_servers_model_is_what_is_delivered(name, tmp_path):
    run = p2pkd.simulate(f"{FOLDER}/preset-{name}.yaml", out=tmp_path / "run")
    last = run.population.iloc[-1]
    assert last.accuracy_mean == last.server_accuracy == run.agents.accuracy[0]
