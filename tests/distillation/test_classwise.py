"""Prototypes and label averages against a plain PyTorch model, and their exact bytes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

from p2pkd.core.errors import ScenarioError
from p2pkd.distillation.classwise import LabelAverage
from p2pkd.learning.training.nearest import nearest_logits
from p2pkd.scenario.load import scenario_from_dict

SKEWED = {"dataset": "digits", "reference": {"rows": 64}, "partition": "dirichlet"}
MODEL = [{"profile": "laptop", "model": {"kind": "mlp", "hidden": [12]}}]


def method(objective, **learn):
    knowledge = {
        "prototype": {"kind": "prototypes", "size": 12},
        "label_average": "label_averages",
    }[objective]
    return {
        "send": {"knowledge": knowledge},
        "gossip": {"every": "10 s"},
        "learn": {"objective": objective, "strength": 0.7, "lr": 0.1, **learn},
    }


class Plain:
    """A perceptron with one hidden layer, by hand, on one agent's private rows."""

    def __init__(self, simulation, agent):
        data = simulation.world.data
        part = data.partition
        own = part.rows[part.offsets[agent] : part.offsets[agent + 1]]
        self.x = torch.tensor(np.array(data.private_x[own]))
        self.y = torch.tensor(np.array(data.private_y[own]))
        version = simulation.agents[agent].version
        self.flat = torch.tensor(simulation.shared.learner.parameters(version))

    def __call__(self, flat):
        w1, b1, w2, b2 = torch.split(flat, [64 * 12, 12, 12 * 10, 10])
        features = (self.x @ w1.view(12, 64).T + b1).relu()
        return features @ w2.view(10, 12).T + b2, features

    def means(self, objective):
        logits, features = self(self.flat)
        what = features if objective == "prototype" else logits.softmax(-1)
        return {c: what[self.y == c].mean(0) for c in self.y.unique().tolist()}


def loss(objective, plain, flat, means):
    """CE + 0.7 D, row by row; D is 0 where nobody knows the row's class."""
    logits, features = plain(flat)
    total = functional.cross_entropy(logits, plain.y)
    for row, label in enumerate(plain.y.tolist()):
        if label in means:
            if objective == "prototype":
                d = functional.mse_loss(features[row], means[label])
            else:
                d = functional.cross_entropy(logits[row], means[label])
            total = total + 0.7 * d / len(plain.y)
    return total


@pytest.mark.parametrize("objective", ["prototype", "label_average"])
def test_a_message_and_a_step_are_those_of_a_plain_model(run, objective):
    simulation, _ = run(
        method(objective, batch="full"), numbers=True, data=SKEWED, devices=MODEL, duration="30 s"
    )
    learner, agents = simulation.shared.learner, simulation.agents
    student, teachers = Plain(simulation, 0), [Plain(simulation, i) for i in (1, 2)]
    said = [plain.means(objective) for plain in teachers]
    lessons = []
    for i, means in zip((1, 2), said, strict=True):
        classes = np.array(sorted(means))
        payload = learner.predict(agents[i].version, classes)
        expected = torch.stack([means[c] for c in sorted(means)])
        got = torch.from_numpy(learner.resolve(payload))
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)
        lessons.append(SimpleNamespace(contents=payload, rows=classes, sender=i, made_s=0.0))
    both = {}
    # FedProto's mean is over all clients, oneself included; Jeong's is over the others.
    spoken = [*said, student.means(objective)] if objective == "prototype" else said
    for c in range(10):
        heard = [means[c] for means in spoken if c in means]
        if heard:
            both[c] = torch.stack(heard).mean(0)
    assert not all(c in both for c in student.y.tolist()) or len(said[0]) < 10

    leaf = student.flat.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(objective, student, leaf, both), leaf)
    stepped = learner.parameters(learner.distill(agents[0].version, lessons, 1))
    torch.testing.assert_close(
        torch.from_numpy(stepped), student.flat - 0.1 * gradient, atol=1e-6, rtol=1e-4
    )


def test_bytes_are_those_of_the_classes_that_an_agent_has(run):
    simulation, log = run(method("prototype"), data=SKEWED)
    part, labels = simulation.world.data.partition, simulation.world.data.private_y
    for message in log.messages:
        own = labels[part.rows[part.offsets[message.sender] : part.offsets[message.sender + 1]]]
        n = len(np.unique(own))
        assert message.payload_bytes == n * (12 * 4 + 4) - (0 if n < 10 else 4 * n)


def test_label_averages_are_as_large_as_jeongs(run):
    """C^2 numbers of four bytes: 3,200 bits each way for ten classes."""
    _, log = run(method("label_average"), data={"dataset": "digits", "partition": "iid"})
    assert {8 * m.payload_bytes for m in log.messages} == {3200}


def test_private_rows_are_charged_for_a_message_and_once_a_step(run):
    simulation, log = run(method("prototype"), duration="1 min")
    flops = simulation.profile.flops_forward[0]
    private = simulation.profile.private_rows
    for c in log.computations:
        if c.kind == "predict":
            assert c.flops == pytest.approx(private[c.agent] * flops)
        elif c.kind == "train":
            assert c.flops == pytest.approx(3 * 5 * 32 * flops)
        else:
            # And a pass over all private rows, a third of a step's, for one's own prototypes.
            assert c.flops == pytest.approx(3 * (5 * 32 + -(-private[c.agent] // 3)) * flops)


@pytest.mark.parametrize("batch", ["full", 32])
def test_predictions_are_those_of_the_nearest_prototype(run, batch):
    """Against a plain model: after a lesson, each test row goes to the nearest class mean."""
    asked = method("prototype", batch=batch, predict="nearest_prototype", local_steps=2)
    simulation, _ = run(asked, numbers=True, data=SKEWED, devices=MODEL, duration="5 s")
    learner, agents = simulation.shared.learner, simulation.agents
    data = simulation.world.data
    plains = [Plain(simulation, i) for i in range(3)]
    means = [plain.means("prototype") for plain in plains]
    lessons = []
    for i in (1, 2):
        classes = np.array(sorted(means[i]))
        payload = learner.predict(agents[i].version, classes)
        lessons.append(SimpleNamespace(contents=payload, rows=classes, sender=i, made_s=0.0))
    taught = learner.distill(agents[0].version, lessons, 2)
    x, y = torch.tensor(np.array(data.test_x)), torch.tensor(np.array(data.test_y))
    prototypes = torch.full((10, 12), torch.inf)
    for c in range(10):
        heard = [m[c] for m in means if c in m]
        if heard:
            prototypes[c] = torch.stack(heard).mean(0)
    student = plains[0]
    student.x, student.flat = x, torch.tensor(learner.parameters(taught))
    _, features = student(student.flat)
    far = (features[:, None] - prototypes).square().mean(-1)
    got = learner.evaluate([taught, agents[1].version])
    np.testing.assert_array_equal(got.labels[0], far.argmin(1).numpy())
    assert got.accuracy[0] == pytest.approx((far.argmin(1) == y).float().mean().item())
    farthest = far.where(far.isfinite(), torch.tensor(0.0)).amax(1, keepdim=True)
    far = far.where(far.isfinite(), farthest + 100)
    assert got.loss[0] == pytest.approx(functional.cross_entropy(-far, y).item(), rel=1e-4)
    # Who has heard nothing predicts by its classifier.
    plains[1].x = x
    logits, _ = plains[1](plains[1].flat)
    np.testing.assert_array_equal(got.labels[1], logits.argmax(1).numpy())


def test_a_class_that_nobody_has_told_is_farther_than_all_others(outputs):
    features = torch.tensor([[[0.0, 3.0]]])
    prototypes = torch.tensor([[[0.0, 1.0], [0.0, 3.0], [2.0, 3.0]]])
    said = outputs(torch.zeros(1, 1, 3), features)
    got = nearest_logits(said, prototypes, torch.tensor([[1.0, 0.0, 1.0]]))
    torch.testing.assert_close(got, torch.tensor([[[-2.0, -102.0, -2.0]]]))


def test_what_is_held_takes_memory(run):
    def needs(**learn):
        simulation, _ = run(method("prototype", **learn), devices=MODEL)
        return simulation.profile.memory_bytes[0]

    assert needs(predict="nearest_prototype") - needs() == 4 * 10 * (12 + 1)


def test_cross_entropy_towards_an_average(outputs):
    logits = torch.randn(1, 6, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.rand(1, 6, 4, generator=torch.Generator().manual_seed(1)).softmax(-1)
    got = LabelAverage().row_loss(outputs(logits), targets)
    expected = functional.cross_entropy(logits[0], targets[0], reduction="none")
    torch.testing.assert_close(got[0], expected)


def test_prototypes_need_features():
    with pytest.raises(ScenarioError, match="'linear' has no features"):
        scenario_from_dict(
            {
                "duration": "1 min",
                "agents": 3,
                "method": method("prototype"),
                "devices": [{"profile": "laptop", "model": "linear"}],
            }
        )
