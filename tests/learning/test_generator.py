"""Generators: the network, the loss and its fit against plain PyTorch."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from p2pkd.core.rng import uniforms
from p2pkd.learning.models.generator import (
    Fit,
    Form,
    Records,
    classes_at,
    fit,
    generator_loss,
    likeness,
    normals,
)

FORM = Form(noise=3, n_classes=4, hidden=8, n_out=6)


def random(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def test_a_generator_is_a_network_of_two_layers():
    flat, z = random(3, FORM.n_parameters), random(3, 5, 3, seed=1)
    y = torch.tensor([[0, 1, 2, 3, 0]]).expand(3, -1)
    made = FORM.rows(flat, z, y)
    assert FORM.n_parameters == 8 * 7 + 8 + 6 * 8 + 6
    for g in range(3):
        inner, offset, outer, bias = flat[g].split([56, 8, 48, 6])
        x = torch.cat([z[g], functional.one_hot(y[g], 4)], 1)
        below = functional.linear(x, inner.view(8, 7), offset).relu()
        torch.testing.assert_close(made[g], functional.linear(below, outer.view(6, 8), bias))


def test_the_loss_is_that_of_the_formula():
    how = Fit(steps=1, batch=6, lr=0.1, activation=0.5, entropy=0.2, certainty=0.3)
    logits, features = random(2, 6, 4), random(2, 6, 5, seed=1)
    y = torch.tensor([[0, 0, 1, 3, 3, 3], [2, 2, 2, 2, 2, 2]])
    records = Records(random(2, 4, 5, seed=2), torch.full((2, 4), 0.25))
    loss = generator_loss(how, logits, features, y, records)
    for g, classes in enumerate([[0, 1, 3], [2]]):
        apart = [
            (features[g][y[g] == c].mean(0) - records.features[g, c]).square().mean()
            for c in classes
        ]
        p = logits[g].softmax(-1).mean(0)
        expected = (
            functional.cross_entropy(logits[g], y[g])
            + 0.5 * torch.stack(apart).mean()
            + 0.3 * torch.distributions.Categorical(logits=logits[g]).entropy().mean()
            - 0.2 * torch.distributions.Categorical(p).entropy()
        )
        assert loss[g].item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_two_entropies_pull_in_opposite_directions():
    """Flat predictions: sharper ones help the rows, spreading them helps the mean."""
    y, records = torch.tensor([[0, 1]]), Records(torch.zeros(1, 2, 1), torch.full((1, 2), 0.5))

    def slope(logits, **factors):
        how = Fit(1, 2, 0.1, 0.0, **factors)
        leaf = torch.tensor([logits], requires_grad=True)
        plain = functional.cross_entropy(leaf[0], y[0])
        loss = generator_loss(how, leaf, torch.zeros(1, 2, 1), y, records)
        (gradient,) = torch.autograd.grad(loss.sum() - plain, leaf)
        return gradient[0]

    unsure, alike = [[0.5, 0.0], [0.0, 0.5]], [[2.0, 0.0], [2.0, 0.0]]
    assert slope(unsure, entropy=0.0, certainty=1.0)[0, 0] < 0  # surer
    assert slope(alike, entropy=1.0)[0, 0] > 0  # less of the same class


def problem(g):
    """Linear models of six inputs: logits are the first four; features are all."""
    weights = random(g, 6, 6, seed=3)

    def model(x):
        seen = torch.bmm(x, weights[: len(x)])
        return seen[:, :, :4], seen

    shares = torch.tensor([[0.5, 0.0, 0.3, 0.2]]).expand(g, -1).contiguous()
    return model, Records(random(g, 4, 6, seed=4), shares)


def test_a_fit_is_that_of_an_optimiser():
    how = Fit(steps=5, batch=16, lr=0.05, activation=1.0, entropy=0.1)
    model, records = problem(2)
    ours = fit(FORM, how, model, records, np.random.default_rng(7))

    rng = np.random.default_rng(7)
    flat = torch.from_numpy(FORM.initial(rng)).repeat(2, 1).requires_grad_()
    optimizer = torch.optim.Adam([flat], lr=0.05)
    for _ in range(5):
        z = torch.from_numpy(rng.standard_normal((16, 3), np.float32)).expand(2, -1, -1)
        chances = rng.random(16, np.float32)
        y = np.searchsorted(np.cumsum([0.5, 0.0, 0.3, 0.2]), chances, side="right")
        optimizer.zero_grad()
        y = torch.from_numpy(y).expand(2, -1)
        generator_loss(how, *model(FORM.rows(flat, z, y)), y, records).sum().backward()
        optimizer.step()
    torch.testing.assert_close(ours, flat.detach(), atol=1e-4, rtol=1e-3)


def test_a_fit_does_not_depend_on_who_shares_the_group():
    how = Fit(steps=5, batch=16, lr=0.05, activation=1.0, entropy=0.1)
    model, records = problem(4)
    together = fit(FORM, how, model, records, np.random.default_rng(7))
    for g in range(4):
        weights = random(4, 6, 6, seed=3)[g : g + 1]

        def alone(x, weights=weights):
            seen = torch.bmm(x, weights)
            return seen[:, :, :4], seen

        own = Records(records.features[g : g + 1], records.shares[g : g + 1])
        single = fit(FORM, how, alone, own, np.random.default_rng(7))
        torch.testing.assert_close(single[0], together[g], atol=1e-6, rtol=1e-5)


def test_a_fitted_generator_makes_rows_of_the_class_asked_for():
    how = Fit(steps=200, batch=32, lr=0.05, activation=0.0, entropy=0.0)
    model, records = problem(3)
    flat = fit(FORM, how, model, records, np.random.default_rng(1))
    y = torch.tensor([0, 2, 3] * 20).expand(3, -1)
    logits, _ = model(FORM.rows(flat, random(3, 60, 3, seed=8), y))
    assert (logits.argmax(-1) == y).float().mean() > 0.95


def test_classes_without_a_share_are_never_asked_for():
    edges = torch.tensor([[0.0, 0.25, 0.25, 1.0], [0.5, 0.5, 0.5, 0.5]]).contiguous()
    chances = torch.tensor([0.0, 0.2, 0.3, 0.9999999]).expand(2, -1)
    assert classes_at(edges, chances).tolist() == [[1, 1, 3, 3], [0, 0, 0, 0]]


def test_noise_is_standard_normal():
    keys = np.arange(50, dtype=np.uint64)[:, None]
    sample = normals(uniforms(keys, np.arange(2000, dtype=np.uint64)[None])).ravel()
    assert sample.shape == (50_000,)
    assert abs(sample.mean()) < 0.02
    assert abs(sample.std() - 1) < 0.02
    assert abs((sample < 1).mean() - 0.8413) < 0.01


def test_likeness_is_small_where_other_noise_makes_other_rows():
    z, made = random(2, 5, 3), random(2, 5, 6, seed=1).requires_grad_()
    got = likeness(z, made)
    for g in range(2):
        pairs = [
            (z[g, i] - z[g, j]).square().mean() * (made[g, i] - made[g, j]).abs().mean()
            for i in range(5)
            for j in range(5)
        ]
        expected = (-torch.stack(pairs).mean()).exp()
        torch.testing.assert_close(got[g], expected)
        (ours,) = torch.autograd.grad(got[g], made, retain_graph=True)
        (theirs,) = torch.autograd.grad(expected, made)
        torch.testing.assert_close(ours, theirs)
    assert likeness(z[:1], torch.zeros(1, 5, 6)).item() == 1.0
    # Nobody's depends on who shares the group.
    torch.testing.assert_close(likeness(z[1:], made[1:])[0], got[1], atol=0, rtol=0)
