"""Generators in place of reference rows: one step against plain PyTorch, bytes and FLOPs."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.load import scenario_from_dict

MODEL = [{"profile": "laptop", "model": {"kind": "mlp", "hidden": [8]}}]
NONE = {"dataset": "digits", "reference": {"rows": 0}}
GENERATOR = {"kind": "generator", "noise": 4, "hidden": 8, "steps": 3, "batch": 8}
Q = (4 + 10 + 1) * 8 + 9 * 64


def method(knowledge=GENERATOR, **learn):
    return {
        "send": {"knowledge": knowledge, "codec": "float32"},
        "gossip": {"every": "10 s"},
        "learn": {"objective": "data_free", "lr": 0.1, "local_steps": 2, "batch": 12, **learn},
    }


def test_a_message_is_as_long_as_the_generator(run):
    _, log = run(method(), devices=MODEL, data=NONE)
    assert log.messages
    assert {m.payload_bytes for m in log.messages} == {4 * (Q + 10)}
    _, log = run(method() | {"send": {"knowledge": GENERATOR}}, devices=MODEL, data=NONE)
    assert {m.payload_bytes for m in log.messages} == {2 * (Q + 10)}


def test_the_fit_and_the_made_rows_are_charged(run):
    simulation, log = run(method(), devices=MODEL, data=NONE)
    forward = simulation.profile.flops_forward[0]
    made = float((2 * 14 + 1) * 8 + (2 * 8 + 1) * 64)
    for c in log.computations:
        if c.kind == "predict":
            private = simulation.profile.private_rows[c.agent]
            expected = private * forward + 3 * 3 * 8 * (forward + made)
        elif c.kind == "distill":
            expected = 2 * (3 * (12 + 12) * forward + 12 * made)
        else:
            expected = 2 * 3 * 12 * forward
        assert c.flops == pytest.approx(expected, rel=0.03)
    assert {"predict", "distill", "train"} <= {c.kind for c in log.computations}


def test_a_step_is_that_of_a_plain_model_on_made_rows(run):
    simulation, _ = run(method(), numbers=True, devices=MODEL, data=NONE, duration="1 min")
    learner, tables = simulation.shared.learner, simulation.shared.learner.tables
    form = simulation.shared.composer.learner.recipe.knowledge.form(10)
    student, teacher = simulation.agents[0], simulation.agents[1]
    payload = learner.predict(teacher.version, np.zeros(1, np.int64))
    sent = torch.from_numpy(learner.resolve(payload))
    assert sent.shape == (1, Q + 10)
    shares = sent[0, Q:]
    counts = np.bincount(
        tables.private_y[tables.own_offsets[1] : tables.own_offsets[2]], minlength=10
    )
    np.testing.assert_allclose(shares, counts / counts.sum(), rtol=1e-6)

    # The same draws, one row after the other.
    from p2pkd.core.rng import uniforms
    from p2pkd.learning.models.generator import normals

    version = student.version
    counters = (version.drawn + np.arange(12))[:, None] * 10 + np.arange(10)
    drawn = uniforms(tables.distill_keys[0], counters.astype(np.uint64))
    y = torch.from_numpy(np.searchsorted(np.cumsum(shares.numpy()), drawn[:, 1], side="right"))
    z = torch.from_numpy(normals(drawn[:, 2:]))
    x = form.rows(sent[:, :Q], z[None], y[None])[0]
    private = tables.index(tables.private.sample(np.array([0]), np.array([version.samples]), 12))

    flat = torch.from_numpy(learner.parameters(version)).requires_grad_()
    sizes = [64 * 8, 8, 80, 10]

    def logits(rows):
        inner, offset, outer, bias = flat.split(sizes)
        below = functional.linear(rows, inner.view(8, 64), offset).relu()
        return functional.linear(below, outer.view(10, 8), bias)

    loss = functional.cross_entropy(
        logits(tables.private_x[private[0]]), tables.private_y[private[0]]
    )
    (gradient,) = torch.autograd.grad(loss + functional.cross_entropy(logits(x), y), flat)
    lesson = SimpleNamespace(contents=payload, sender=1, made_s=0.0)
    stepped = torch.from_numpy(learner.parameters(learner.distill(version, [lesson], 1)))
    torch.testing.assert_close(stepped, flat.detach() - 0.1 * gradient, atol=1e-6, rtol=1e-4)


def test_who_shares_the_group_changes_nothing(run):
    finals = []
    for executor in ("grouped", "loop"):
        simulation, _ = run(
            method(), numbers=True, data=NONE, duration="1 min", execution={"executor": executor}
        )
        learner = simulation.shared.learner
        finals.append(np.stack([learner.parameters(a.version) for a in simulation.agents]))
    np.testing.assert_array_equal(*finals)


def test_without_reference_rows_predictions_are_refused():
    with pytest.raises(ScenarioError, match=r"data.reference.rows: 0, but predictions"):
        scenario_from_dict({"duration": "1 min", "agents": 4, "data": NONE})
    for free in ("isolated", "fedproto"):
        scenario_from_dict(
            {"duration": "1 min", "agents": 4, "data": NONE, "method": {"preset": free}}
        )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"send": {"knowledge": "soft_labels"}}, "'data_free' learns from generator"),
        ({"teachers": {"weights": "confidence"}}, "teachers.weights: is for predictions"),
        ({"teachers": {"combine": "mean_logits"}}, "'data_free' has no target to combine"),
        ({"learn": {"objective": "data_free", "batch": "full"}}, "give a number, not 'full'"),
    ],
)
def test_what_does_not_fit_is_refused(change, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict({"duration": "1 min", "agents": 4, "method": {**method(), **change}})


FEATURES = {**GENERATOR, "kind": "feature_generator"}
Q_FEATURES, HEAD = (4 + 10 + 1) * 8 + 9 * 8, 90


def shared_heads(**learn):
    return {**method(FEATURES, **learn), "memory": {"keep": "once"}}


def test_generator_head_and_shares_travel(run):
    _, log = run(shared_heads(), devices=MODEL, data=NONE)
    assert {m.payload_bytes for m in log.messages} == {4 * (Q_FEATURES + HEAD + 10)}


def test_features_are_read_by_the_head_alone_and_charged_so(run):
    simulation, log = run(shared_heads(), devices=MODEL, data=NONE)
    forward = simulation.profile.flops_forward[0]
    made, last = float((2 * 14 + 1) * 8 + (2 * 8 + 1) * 8), (2 * 8 + 1) * 10
    for c in log.computations:
        if c.kind == "predict":
            private = simulation.profile.private_rows[c.agent]
            expected = private * forward + 3 * 3 * 8 * (last + made)
        elif c.kind == "distill":
            expected = 2 * (3 * 12 * forward + 12 * (3 * last + made))
        else:
            continue
        assert c.flops == pytest.approx(expected, rel=0.05)


def test_heads_are_averaged_and_learn_what_generators_make(run):
    simulation, _ = run(shared_heads(), numbers=True, devices=MODEL, data=NONE, duration="1 min")
    learner = simulation.shared.learner
    tables, version = learner.tables, simulation.agents[0].version
    form = tables.recipe.knowledge.form(10)
    payloads = [
        learner.predict(simulation.agents[i].version, np.zeros(1, np.int64)) for i in (1, 2)
    ]
    sent = [torch.from_numpy(learner.resolve(payload))[0] for payload in payloads]
    for i, numbers in zip((1, 2), sent, strict=True):
        own = learner.parameters(simulation.agents[i].version)
        np.testing.assert_array_equal(numbers[Q_FEATURES:-10], own[-HEAD:])

    # The same draws, each row of its own teacher.
    from p2pkd.core.rng import uniforms
    from p2pkd.learning.models.generator import normals

    counters = (version.drawn + np.arange(12))[:, None] * 10 + np.arange(10)
    drawn = uniforms(tables.distill_keys[0], counters.astype(np.uint64))
    rows, labels = [], []
    for whose, chance, *noise in drawn:
        numbers = sent[int(whose * 2)]
        y = int(np.searchsorted(np.cumsum(numbers[-10:].numpy()), chance, side="right"))
        z = torch.from_numpy(normals(np.array(noise)))
        rows.append(form.rows(numbers[None, :Q_FEATURES], z[None, None], torch.tensor([[y]]))[0, 0])
        labels.append(y)
    x, y = torch.stack(rows), torch.tensor(labels)
    private = tables.index(tables.private.sample(np.array([0]), np.array([version.samples]), 12))[0]

    flat = torch.from_numpy(learner.parameters(version))
    flat[-HEAD:] = torch.stack([flat[-HEAD:], *(each[Q_FEATURES:-10] for each in sent)]).mean(0)
    flat.requires_grad_()
    inner, offset, outer, bias = flat.split([64 * 8, 8, 80, 10])
    below = functional.linear(tables.private_x[private], inner.view(8, 64), offset).relu()
    logits = functional.linear(below, outer.view(10, 8), bias)
    loss = functional.cross_entropy(logits, tables.private_y[private])
    loss = loss + functional.cross_entropy(functional.linear(x, outer.view(10, 8), bias), y)
    (gradient,) = torch.autograd.grad(loss, flat)
    lessons = [SimpleNamespace(contents=p, sender=i, made_s=0.0) for i, p in enumerate(payloads, 1)]
    stepped = torch.from_numpy(learner.parameters(learner.distill(version, lessons, 1)))
    torch.testing.assert_close(stepped, flat.detach() - 0.1 * gradient, atol=1e-6, rtol=1e-4)


def test_who_shares_the_group_changes_no_head(run):
    finals = []
    for executor in ("grouped", "loop"):
        simulation, _ = run(
            shared_heads(),
            numbers=True,
            data=NONE,
            duration="1 min",
            execution={"executor": executor},
        )
        learner = simulation.shared.learner
        finals.append(np.stack([learner.parameters(a.version) for a in simulation.agents]))
    np.testing.assert_array_equal(*finals)


def test_features_of_two_architectures_are_refused():
    two = [
        {"profile": "laptop", "share": 0.5, "model": {"kind": "mlp", "hidden": [n]}} for n in (8, 9)
    ]
    with pytest.raises(ScenarioError, match="'feature_generator' can only be sent between agents"):
        scenario_from_dict(
            {"duration": "1 min", "agents": 4, "method": shared_heads(), "devices": two}
        )


def test_private_rows_are_pulled_to_made_features_of_their_class(run):
    """FedGen's other term, its decay and its uniform classes, against a plain model."""
    uniform = {**FEATURES, "classes": "uniform"}
    asked = shared_heads(strength=2.0, private_strength=3.0, decay=0.9)
    asked["send"] = {"knowledge": uniform, "codec": "float32"}
    data = NONE | {"partition": {"kind": "dirichlet", "alpha": 0.3}}
    simulation, _ = run(asked, numbers=True, devices=MODEL, data=data, duration="1 min")
    learner = simulation.shared.learner
    tables, version = learner.tables, simulation.agents[0].version
    form = tables.recipe.knowledge.form(10)
    payloads = [
        learner.predict(simulation.agents[i].version, np.zeros(1, np.int64)) for i in (1, 2)
    ]
    sent = [torch.from_numpy(learner.resolve(payload))[0] for payload in payloads]
    for i, numbers in zip((1, 2), sent, strict=True):
        own = tables.private_y[slice(*tables.own_offsets[i : i + 2])]
        has = torch.from_numpy(np.bincount(own, minlength=10) > 0).float()
        torch.testing.assert_close(numbers[-10:], has / has.sum())

    from p2pkd.core.rng import uniforms
    from p2pkd.learning.models.generator import normals

    def rows_of(keys, n):
        counters = (version.drawn + np.arange(12))[:, None] * n + np.arange(n)
        return uniforms(keys[0], counters.astype(np.uint64))

    def features(numbers, noise, label):
        z = torch.from_numpy(normals(np.array(noise)))[None, None]
        return form.rows(numbers[None, :Q_FEATURES], z, torch.tensor([[label]]))[0, 0]

    made, labels = [], []
    for whose, chance, *noise in rows_of(tables.distill_keys, 10):
        numbers = sent[int(whose * 2)]
        y = int(np.searchsorted(np.cumsum(numbers[-10:].numpy()), chance, side="right"))
        made.append(features(numbers, noise, y))
        labels.append(y)
    private = tables.index(tables.private.sample(np.array([0]), np.array([version.samples]), 12))[0]
    own, kin, known = tables.private_y[private], [], []
    for label, (whose, *noise) in zip(own.tolist(), rows_of(tables.kin_keys, 9), strict=True):
        able = [numbers for numbers in sent if numbers[-10 + label] > 0]
        known.append(float(bool(able)))
        kin.append(features(able[int(whose * len(able))] if able else sent[0], noise, label))

    flat = torch.from_numpy(learner.parameters(version))
    flat[-HEAD:] = torch.stack([flat[-HEAD:], *(each[Q_FEATURES:-10] for each in sent)]).mean(0)
    flat.requires_grad_()
    inner, offset, outer, bias = flat.split([64 * 8, 8, 80, 10])

    def head(x):
        return functional.linear(x, outer.view(10, 8), bias)

    below = functional.linear(tables.private_x[private], inner.view(8, 64), offset).relu()
    log_p, taught = head(below).log_softmax(-1), head(torch.stack(made))
    goal = head(torch.stack(kin)).softmax(-1).detach()
    pull = functional.kl_div(log_p, goal, reduction="none").sum(1)
    loss = functional.nll_loss(log_p, own) + 0.9**version.updates * (
        2 * functional.cross_entropy(taught, torch.tensor(labels))
        + 3 * (pull * torch.tensor(known)).mean()
    )
    (gradient,) = torch.autograd.grad(loss, flat)
    lessons = [SimpleNamespace(contents=p, sender=i, made_s=0.0) for i, p in enumerate(payloads, 1)]
    stepped = torch.from_numpy(learner.parameters(learner.distill(version, lessons, 1)))
    torch.testing.assert_close(stepped, flat.detach() - 0.1 * gradient, atol=1e-6, rtol=1e-4)


def test_features_for_private_rows_are_charged(run):
    asked = shared_heads(private_strength=3.0)
    simulation, log = run(asked, devices=MODEL, data=NONE)
    forward = simulation.profile.flops_forward[0]
    made, last = float((2 * 14 + 1) * 8 + (2 * 8 + 1) * 8), (2 * 8 + 1) * 10
    taught = [c for c in log.computations if c.kind == "distill"]
    assert taught
    for c in taught:
        expected = 2 * (3 * 12 * forward + 12 * (3 * last + made) + 12 * (last + made))
        assert c.flops == pytest.approx(expected, rel=0.05)


def test_private_strength_is_about_features():
    with pytest.raises(ScenarioError, match="private_strength: is about made features"):
        scenario_from_dict(
            {"duration": "1 min", "agents": 4, "method": method(private_strength=1.0), "data": NONE}
        )
