"""Received models as teachers: one step against plain PyTorch, and what it costs."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.load import scenario_from_dict

LINEAR = [{"profile": "laptop", "model": "linear"}]


def method(**learn):
    return {
        "send": {"knowledge": "weights"},
        "gossip": {"every": "10 s"},
        "memory": {"keep": "once"},
        "learn": {"objective": "received", "strength": 0.6, "lr": 0.1, **learn},
    }


@pytest.mark.parametrize("teachers", [[1], [1, 2, 3]])
def test_a_step_is_that_of_a_plain_model(run, teachers):
    simulation, _ = run(method(batch="full"), numbers=True, devices=LINEAR, duration="40 s")
    learner, agents = simulation.shared.learner, simulation.agents
    data, part = simulation.world.data, simulation.world.data.partition
    own = part.rows[part.offsets[0] : part.offsets[1]]
    x, y = torch.tensor(np.array(data.private_x[own])), torch.tensor(np.array(data.private_y[own]))

    def logits(flat):
        return x @ flat[:640].view(10, 64).T + flat[640:]

    def parameters(i):
        return torch.from_numpy(learner.parameters(agents[i].version))

    flat = parameters(0).requires_grad_()
    log_p = logits(flat).log_softmax(-1)
    target = torch.stack([logits(parameters(i)).softmax(-1) for i in teachers]).mean(0)
    kl = functional.kl_div(log_p, target, reduction="batchmean")
    (gradient,) = torch.autograd.grad(functional.nll_loss(log_p, y) + 0.6 * kl, flat)

    lessons = [SimpleNamespace(contents=agents[i].version, sender=i, made_s=0.0) for i in teachers]
    stepped = torch.from_numpy(learner.parameters(learner.distill(agents[0].version, lessons, 1)))
    torch.testing.assert_close(stepped, flat.detach() - 0.1 * gradient, atol=1e-6, rtol=1e-4)


def test_the_teachers_forward_passes_are_charged(run):
    simulation, log = run(method(local_steps=3, batch=30), devices=LINEAR, duration="1 min")
    forward = simulation.profile.flops_forward[0]
    taught = [c for c in log.computations if c.kind == "distill"]
    assert {c.teachers for c in taught} == {1, 2}
    for c in taught:
        assert c.flops == pytest.approx((3 + c.teachers) * 3 * 30 * forward)


def test_agents_with_different_numbers_of_teachers_do_not_disturb_each_other(run):
    """Who shares the group changes nothing: the same run, one agent at a time."""
    finals = []
    for executor in ("grouped", "loop"):
        simulation, _ = run(
            method(), numbers=True, duration="1 min", execution={"executor": executor}
        )
        learner = simulation.shared.learner
        finals.append(np.stack([learner.parameters(a.version) for a in simulation.agents]))
    np.testing.assert_array_equal(*finals)


def test_predictions_cannot_be_received_as_models():
    with pytest.raises(ScenarioError, match="'received' learns from weights"):
        scenario_from_dict(
            {"duration": "1 min", "agents": 3, "method": {"learn": {"objective": "received"}}}
        )
