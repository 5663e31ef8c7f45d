"""Paired views: who teaches whom, and every row seen through its agent's own eyes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

from p2pkd.core.errors import ScenarioError
from p2pkd.distillation.cross_modal import CrossModal
from p2pkd.scenario.load import scenario_from_dict

LINEAR = [{"profile": "laptop", "model": "linear"}]
DATA = {"dataset": "digits", "reference": {"rows": 64}, "views": "parts"}


def method(**learn):
    return {
        "send": {"knowledge": "soft_labels", "rows": "all"},
        "gossip": {"every": "10 s", "fanout": "all"},
        "learn": {"objective": "cross_modal", "lr": 0.1, **learn},
    }


def test_a_step_is_that_of_a_plain_model_on_own_views(run):
    simulation, _ = run(
        method(batch="full", distill_steps=1, temperature=2, weight=0.5),
        numbers=True,
        devices=LINEAR,
        data=DATA,
        duration="1 min",
    )
    learner, agents = simulation.shared.learner, simulation.agents
    views = simulation.world.data.views
    student, teacher = 0, int(np.flatnonzero(views.of != views.of[0])[0])

    def logits(agent, flat):
        x = torch.tensor(np.array(views.reference_x[views.of[agent]]))
        return x @ flat[:640].view(10, 64).T + flat[640:]

    def parameters(agent):
        return torch.from_numpy(learner.parameters(agents[agent].version))

    rows = np.arange(64)
    payload = learner.predict(agents[teacher].version, rows)
    said = torch.from_numpy(learner.resolve(payload))
    torch.testing.assert_close(said, logits(teacher, parameters(teacher)).softmax(-1))

    flat = parameters(student).requires_grad_()
    target = (said.clamp_min(2**-24).log() / 2).softmax(-1)
    log_p = (logits(student, flat) / 2).log_softmax(-1)
    (gradient,) = torch.autograd.grad(
        4 * functional.kl_div(log_p, target, reduction="batchmean"), flat
    )
    lesson = SimpleNamespace(contents=payload, sender=teacher, made_s=0.0)
    stepped = torch.from_numpy(
        learner.parameters(learner.distill(agents[student].version, [lesson], 1))
    )
    torch.testing.assert_close(stepped, flat.detach() - 0.1 * gradient, atol=1e-6, rtol=1e-4)


def test_everybody_is_tested_on_what_it_sees(run):
    simulation, _ = run(method(), numbers=True, devices=LINEAR, data=DATA, duration="1 min")
    learner, data = simulation.shared.learner, simulation.world.data
    versions = [agent.version for agent in simulation.agents]
    accuracy = learner.evaluate(versions).accuracy
    for agent, version in enumerate(versions):
        flat = learner.parameters(version)
        x = data.views.test_x[data.views.of[agent]]
        labels = (x @ flat[:640].reshape(10, 64).T + flat[640:]).argmax(1)
        assert accuracy[agent] == pytest.approx((labels == data.test_y).mean())


@pytest.mark.parametrize("knowledge", ["soft_labels", "attention_maps"])
def test_who_shares_the_group_changes_nothing(run, knowledge):
    if knowledge == "attention_maps":
        how = {**method(), "send": {"knowledge": knowledge}, "learn": {"objective": "attention"}}
    else:
        how = method()
    finals = []
    for executor in ("grouped", "loop"):
        simulation, _ = run(
            how, numbers=True, data=DATA, duration="1 min", execution={"executor": executor}
        )
        learner = simulation.shared.learner
        finals.append(np.stack([learner.parameters(a.version) for a in simulation.agents]))
    np.testing.assert_allclose(*finals, atol=0 if knowledge == "soft_labels" else 1e-6)


class Pupil:
    """Agent 1 of four; even agents have view 0, odd ones view 1."""

    agent, version = 1, None

    def view_of(self, agent):
        return agent % 2

    def train(self, version, steps):
        return "train"

    def distill(self, version, lessons, steps):
        return [memo.sender for memo in lessons]


@pytest.mark.parametrize(
    ("teachers", "senders", "work"),
    [
        ("all", [0, 2, 3], [[0, 2, 3], "train"]),
        ("others", [0, 2, 3], [[0, 2], "train"]),
        ("others", [3], ["train"]),
    ],
)
def test_who_teaches(teachers, senders, work):
    lessons = [SimpleNamespace(sender=i) for i in senders]
    assert list(CrossModal(teachers=teachers).learn(Pupil(), lessons)) == work


@pytest.mark.parametrize(
    ("views", "complaint"),
    [
        (None, "data.views: 'cross_modal' needs views"),
        ({"kind": "parts", "reference": "common"}, "data.views.reference: .* use 'own'"),
    ],
)
def test_without_pairs_it_is_refused(views, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict(
            {"duration": "1 min", "agents": 4, "method": method(), "data": {**DATA, "views": views}}
        )
