"""Input-gradient maps: against a plain model, by finite differences, and learned by agents."""

import numpy as np
import pytest
import torch

from p2pkd.core.errors import InputError, ScenarioError
from p2pkd.distillation.attention import ActivationAttention, Attention
from p2pkd.learning.models.attention import MapPull, activation_maps, input_maps
from p2pkd.learning.models.build import build_architecture
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.scenario.models import CnnSpec, LinearSpec, MlpSpec

ATTENTION = {
    "send": {"knowledge": "attention_maps", "rows": 32},
    "gossip": {"every": "10 s", "fanout": "all"},
    "learn": {"objective": "attention", "distill_steps": 10, "lr": 0.1},
}


def models(spec, n=2, shape=(1, 4, 4)):
    architecture = build_architecture(spec, shape, 5)
    rng = np.random.default_rng(0)
    flat = torch.from_numpy(np.stack([architecture.initial(rng) for _ in range(n)]))
    return architecture, flat, torch.rand(n, 6, 16, generator=torch.Generator().manual_seed(1))


def test_a_linear_models_map_is_its_weights():
    architecture, flat, x = models(LinearSpec())
    maps = input_maps(architecture, flat, x, learn=False)
    classes = architecture.forward(flat, x).logits.argmax(-1)
    for g in range(2):
        weights = flat[g, :80].view(5, 16).abs()
        expected = torch.nn.functional.normalize(weights[classes[g]], dim=-1)
        torch.testing.assert_close(maps[g], expected)


@pytest.mark.parametrize("spec", [MlpSpec(hidden=(8,)), CnnSpec(channels=(4,), dense=6)])
def test_maps_are_those_of_each_row_by_itself(spec):
    architecture, flat, x = models(spec)
    maps = input_maps(architecture, flat, x, learn=False)
    for g in range(2):
        row = x[g : g + 1, :1].clone().requires_grad_()
        architecture.forward(flat[g : g + 1], row).logits.max().backward()
        expected = torch.nn.functional.normalize(row.grad[0].abs(), dim=-1)
        torch.testing.assert_close(maps[g, :1], expected)


def test_the_gradient_by_finite_differences():
    architecture, flat, x = models(MlpSpec(hidden=(8,)), n=1)
    flat, x = flat.double(), x.double()
    targets = torch.rand(1, 6, 16, generator=torch.Generator().manual_seed(2)).double()
    weights = torch.full((1, 6), 1 / 6).double()
    loss = Attention().map_loss

    def total(theta):
        maps = input_maps(architecture, theta, x, learn=False)
        return (loss(maps, targets) * weights).sum().item()

    gradient = MapPull(loss, targets, weights).gradient(architecture, flat, x)[0]
    for i in range(0, flat.shape[1], 7):
        step = torch.zeros_like(flat)
        step[0, i] = 1e-6
        slope = (total(flat + step) - total(flat - step)) / 2e-6
        assert gradient[i].item() == pytest.approx(slope, abs=1e-6)


def test_agents_come_to_look_alike(run):
    def spread(weight):
        learn = {**ATTENTION["learn"], "weight": weight}
        simulation, _ = run({**ATTENTION, "learn": learn}, numbers=True)
        learner, rows = simulation.shared.learner, np.arange(32)
        maps = [learner.resolve(learner.predict(a.version, rows)) for a in simulation.agents]
        return np.stack(maps).std(0).mean()

    assert spread(0.1) < 0.8 * spread(0.999)


def test_a_map_is_as_large_as_a_row_and_costs_three_passes(run):
    simulation, log = run(ATTENTION)
    flops = simulation.profile.flops_forward[0]
    assert {m.payload_bytes for m in log.messages} == {32 * (64 * 4 + 4)}
    predicted = [c for c in log.computations if c.kind == "predict"]
    assert {c.flops for c in predicted} == {3 * 32 * flops}
    taught = [c for c in log.computations if c.kind == "distill"]
    assert {c.flops for c in taught} == {2 * 3 * 10 * 32 * flops}


def test_joint_steps_are_refused():
    learn = {"objective": "attention", "order": "joint"}
    with pytest.raises(ScenarioError, match="not 'joint'"):
        scenario_from_dict(
            {"duration": "1 min", "agents": 3, "method": {**ATTENTION, "learn": learn}}
        )


ACTIVATIONS = {
    "send": {"knowledge": "activation_maps", "rows": 16},
    "gossip": {"every": "10 s", "fanout": "all"},
    "learn": {"objective": "activation_attention", "distill_steps": 4, "batch": 8, "lr": 0.1},
}
CNN = {"kind": "cnn", "channels": [4], "dense": 8}


def with_models(*specs):
    share = 1 / len(specs)
    return [{"profile": "laptop", "share": share, "model": spec} for spec in specs]


def plane(architecture, row, x):
    """The last planes by the torch functions, one image after the other."""
    pieces = iter(torch.split(row, [int(np.prod(shape)) for shape in architecture.shapes]))
    kernel, bias, scale, shift = (next(pieces) for _ in range(4))
    seen = torch.nn.functional.conv2d(x.view(-1, 1, 4, 4), kernel.view(4, 1, 3, 3), bias, padding=1)
    seen = torch.nn.functional.group_norm(seen, 4, scale, shift).relu()
    return torch.nn.functional.max_pool2d(seen, 2)


def test_activation_maps_are_mean_squares_over_channels():
    architecture, flat, x = models(CnnSpec(channels=(4,), dense=6))
    maps = activation_maps(architecture, flat, x, learn=False)
    assert maps.shape == (2, 6, 4)
    assert architecture.n_places == 4
    for g in range(2):
        squares = plane(architecture, flat[g], x[g]).square().mean(1).flatten(1)
        expected = torch.nn.functional.normalize(squares, dim=1)
        torch.testing.assert_close(maps[g], expected, atol=1e-6, rtol=1e-5)
    perceptron, flat, x = models(MlpSpec(hidden=(8,)))
    maps = activation_maps(perceptron, flat, x, learn=False)
    expected = perceptron.forward(flat, x).features.square()
    torch.testing.assert_close(maps, torch.nn.functional.normalize(expected, dim=-1))


def test_the_gradient_of_activation_maps_is_that_of_a_plain_model():
    architecture, flat, x = models(CnnSpec(channels=(4,), dense=6), n=1)
    targets = torch.rand(1, 6, 4, generator=torch.Generator().manual_seed(2))
    weights = torch.full((1, 6), 1 / 6)
    pull = MapPull(ActivationAttention().map_loss, targets, weights, activation_maps)
    leaf = flat[0].clone().requires_grad_()
    squares = plane(architecture, leaf, x[0]).square().sum(1).flatten(1)
    loss = (torch.nn.functional.normalize(squares, dim=1) - targets[0]).square().sum(1).mean()
    (expected,) = torch.autograd.grad(loss, leaf)
    got = pull.gradient(architecture, flat, x)[0]
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-4)


def test_a_map_of_activations_has_the_bytes_and_flops_of_its_formula(run):
    """Four by four places after pooling; a pass to make it, a step to learn it."""
    devices = with_models(CNN, {**CNN, "channels": [6]})
    simulation, log = run(ACTIVATIONS, devices=devices)
    assert {m.payload_bytes for m in log.messages} == {16 * (4 * 4 * 4 + 4)}
    for c in log.computations:
        flops = simulation.profile.flops_forward[c.agent]
        if c.kind == "predict":
            assert c.flops == pytest.approx(16 * flops)
        elif c.kind == "distill":
            assert c.flops == pytest.approx(3 * 4 * 8 * flops)


def test_who_shares_the_group_changes_no_map(run):
    finals = []
    for executor in ("grouped", "loop"):
        simulation, _ = run(
            ACTIVATIONS, numbers=True, duration="1 min", execution={"executor": executor},
            devices=with_models({"kind": "mlp", "hidden": [8]}),
        )  # fmt: skip
        learner = simulation.shared.learner
        finals.append(np.stack([learner.parameters(a.version) for a in simulation.agents]))
    np.testing.assert_array_equal(*finals)


def test_models_with_other_places_are_refused(run):
    devices = with_models({"kind": "mlp", "hidden": [8]}, {"kind": "mlp", "hidden": [9]})
    with pytest.raises(InputError, match=r"as many places each, given mlp 64-8-10: 8, .*: 9"):
        run(ACTIVATIONS, devices=devices)
