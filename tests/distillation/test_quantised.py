"""Low-bit weights: the grid by hand, the penalty's gradient, and who uses which weights."""

import numpy as np
import pytest
import torch

from p2pkd.distillation.quantised import Quantised


def rounded(row, bits, block=64):
    """The grid, block by block, in NumPy."""
    out = []
    for start in range(0, len(row), block):
        part = row[start : start + block]
        unit = np.abs(part).max() / (2 ** (bits - 1) - 1)
        out.append(np.round(part / unit) * unit)
    return np.concatenate(out)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_grid_is_that_of_each_block(bits):
    flat = torch.randn(3, 150, generator=torch.Generator().manual_seed(bits))
    used = Quantised(bits=bits).deployed(flat)
    expected = np.stack([rounded(row, bits) for row in flat.double().numpy()])
    np.testing.assert_allclose(used.numpy(), expected, atol=1e-6)
    for block in used[0].split(64):
        assert len(block.unique()) <= 2**bits - 1


def test_what_is_on_the_grid_stays_there():
    objective = Quantised(bits=3)
    used = objective.deployed(torch.randn(2, 128, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(objective.deployed(used), used)


def test_the_penalty_is_gamma_times_the_squared_distance():
    flat = torch.randn(2, 100, generator=torch.Generator().manual_seed(1)).requires_grad_()
    objective = Quantised(gamma=0.3)
    used = objective.deployed(flat.detach())
    (0.3 * (flat - used).square().sum()).backward()
    torch.testing.assert_close(objective.penalty_gradient(flat.detach(), used), flat.grad)


def test_a_step_is_straight_through(run):
    """W_f minus lr times the gradient at W_q, and twice gamma times the distance."""
    model = [{"profile": "laptop", "model": "linear"}]
    learn = {"objective": "quantised", "bits": 3, "gamma": 0.05, "batch": "full", "lr": 0.2}
    simulation, _ = run({"learn": learn}, numbers=True, devices=model, duration="30 s")
    learner, version = simulation.shared.learner, simulation.agents[0].version
    data, part = simulation.world.data, simulation.world.data.partition
    own = part.rows[part.offsets[0] : part.offsets[1]]
    x, y = torch.tensor(np.array(data.private_x[own])), torch.tensor(np.array(data.private_y[own]))
    full = learner.parameters(version)
    used = torch.from_numpy(rounded(full, 3)).requires_grad_()
    torch.nn.functional.cross_entropy(x @ used[:640].view(10, 64).T + used[640:], y).backward()
    expected = full - 0.2 * (used.grad.numpy() + 2 * 0.05 * (full - used.detach().numpy()))
    stepped = learner.parameters(learner.train(version, 1))
    np.testing.assert_allclose(stepped, expected, atol=1e-6)


def test_predictions_are_those_of_the_low_bit_model(run):
    model = [{"profile": "laptop", "model": "linear"}]
    learn = {"objective": "quantised", "bits": 2}
    simulation, _ = run({"learn": learn}, numbers=True, devices=model, duration="1 min")
    learner, version = simulation.shared.learner, simulation.agents[0].version
    used = rounded(learner.parameters(version), 2)
    rows = np.arange(8)
    x = simulation.world.data.reference_x[rows]
    expected = torch.from_numpy(x @ used[:640].reshape(10, 64).T + used[640:]).softmax(-1)
    got = learner.resolve(learner.predict(version, rows))
    np.testing.assert_allclose(got, expected.numpy(), atol=1e-5)
