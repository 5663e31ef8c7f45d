"""Mutual transfer against two plain PyTorch models, what it costs, and who shares the group."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

LINEAR = [{"profile": "laptop", "model": "linear"}]


def method(**learn):
    return {
        "send": {"knowledge": "weights"},
        "gossip": {"every": "10 s"},
        "memory": {"keep": "once"},
        "learn": {"objective": "mutual_transfer", "strength": 0.6, "lr": 0.1, **learn},
    }


@pytest.mark.parametrize("keep", ["received", "own"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_both_models_learn_as_two_plain_ones(run, keep, optimizer):
    """Three steps: each holds the other's predictions fixed, and both step at once."""
    asked = method(batch="full", keep=keep, optimizer=optimizer, lr=0.02)
    simulation, _ = run(asked, numbers=True, devices=LINEAR, duration="5 s")
    learner, agents = simulation.shared.learner, simulation.agents
    data, part = simulation.world.data, simulation.world.data.partition
    own = part.rows[part.offsets[0] : part.offsets[1]]
    x, y = torch.tensor(np.array(data.private_x[own])), torch.tensor(np.array(data.private_y[own]))

    models = []
    for i in (0, 1):
        model = torch.nn.Linear(64, 10)
        flat = torch.from_numpy(learner.parameters(learner.initial(i)))
        torch.nn.utils.vector_to_parameters(flat, model.parameters())
        models.append(model)
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]
    optimizers = [make(model.parameters(), lr=0.02) for model in models]
    for _ in range(3):
        log_p = [model(x).log_softmax(-1) for model in models]
        for k, other in ((0, 1), (1, 0)):
            kl = functional.kl_div(log_p[k], log_p[other].detach().exp(), reduction="batchmean")
            optimizers[k].zero_grad()
            (functional.nll_loss(log_p[k], y) + 0.6 * kl).backward()
        for each in optimizers:
            each.step()

    lesson = SimpleNamespace(contents=learner.initial(1), sender=1, made_s=0.0)
    taught = learner.distill(learner.initial(0), [lesson], 3)
    expected = torch.nn.utils.parameters_to_vector(models[keep == "received"].parameters())
    got = torch.from_numpy(learner.parameters(taught))
    torch.testing.assert_close(got, expected.detach(), atol=1e-5, rtol=1e-4)
    assert agents[0].agent == taught.agent  # it is the receiver's own from now on


def test_both_models_are_charged_for_each_message(run):
    simulation, log = run(method(local_steps=3, batch=30), devices=LINEAR, duration="1 min")
    forward = simulation.profile.flops_forward[0]
    taught = [c for c in log.computations if c.kind == "distill"]
    assert len(taught) <= sum(m.status == "delivered" for m in log.messages)
    for c in taught:
        assert c.steps == 3
        assert c.flops == pytest.approx(2 * 3 * 3 * 30 * forward)


def test_the_second_model_needs_memory(run):
    def needs(objective):
        simulation, _ = run(
            {**method(), "learn": {"objective": objective, "optimizer": "adam"}}, devices=LINEAR
        )
        return simulation.profile.memory_bytes[0]

    activations = 32 * (64 + 10)
    assert needs("mutual_transfer") - needs("received") == 4 * (4 * 650 + activations)


def test_who_shares_the_group_changes_nothing(run):
    finals = []
    for executor in ("grouped", "loop"):
        simulation, _ = run(
            method(), numbers=True, duration="1 min", execution={"executor": executor}
        )
        learner = simulation.shared.learner
        finals.append(np.stack([learner.parameters(a.version) for a in simulation.agents]))
    np.testing.assert_array_equal(*finals)
