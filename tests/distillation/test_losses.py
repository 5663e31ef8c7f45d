"""Losses against hand-computed values, and the classical mistakes."""

import math
from types import SimpleNamespace

import pytest
import torch

from p2pkd.distillation.base import kl_divergence
from p2pkd.distillation.mutual import Mutual
from p2pkd.distillation.response import Response


def outputs(logits):
    return SimpleNamespace(logits=logits)


def test_response_equals_a_kl_computed_by_hand():
    # T = 2: the student's softened probabilities for logits (2, 0) are e / (e + 1), 1 / (e + 1).
    p_t = (0.75, 0.25)
    p_s = (math.e / (math.e + 1), 1 / (math.e + 1))
    by_hand = 4 * sum(t * math.log(t / s) for t, s in zip(p_t, p_s, strict=True))
    loss = Response(temperature=2).row_loss(
        outputs(torch.tensor([[[2.0, 0.0]]]).double()), torch.tensor([[list(p_t)]]).double()
    )
    assert loss.shape == (1, 1)
    assert loss.item() == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_kl_is_summed_over_classes(classes):
    """PyTorch's default reduction would divide by the number of classes as well."""
    generator = torch.Generator().manual_seed(classes)
    p = torch.rand(1, 6, classes, generator=generator).softmax(-1)
    q = torch.rand(1, 6, classes, generator=generator).log_softmax(-1)
    batchmean = torch.nn.functional.kl_div(q[0], p[0], reduction="batchmean")
    torch.testing.assert_close(kl_divergence(p, q).mean(), batchmean)


def test_gradient_norm_stays_put_over_temperature():
    generator = torch.Generator().manual_seed(0)
    teacher = 0.1 * torch.randn(1, 200, 10, generator=generator)
    student = 0.1 * torch.randn(1, 200, 10, generator=generator)
    norms = []
    for temperature in (1, 2, 4, 8):
        z = student.clone().requires_grad_()
        target = (teacher / temperature).softmax(-1)
        Response(temperature=temperature).row_loss(outputs(z), target).mean().backward()
        norms.append(z.grad.norm().item())
    assert max(norms) / min(norms) < 1.05


def test_labels_without_doubt_are_for_temperature_one():
    """There the loss is cross-entropy with the label; above, the pull grows with T."""
    z = torch.randn(1, 50, 10, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(50)[None] % 10
    one_hot = torch.nn.functional.one_hot(labels, 10).float()
    loss = Response(temperature=1).row_loss(outputs(z), one_hot)
    expected = torch.nn.functional.cross_entropy(z[0], labels[0], reduction="none")
    torch.testing.assert_close(loss[0], expected)
    pulls = [Response(temperature=t).row_gradient(outputs(z), one_hot).norm() for t in (1, 2, 4)]
    assert pulls[0] * 1.5 < pulls[1] < pulls[2] / 1.5


def test_a_student_equal_to_its_teacher_has_no_loss_and_no_gradient():
    z = torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(2)).requires_grad_()
    loss = Response(temperature=2).row_loss(outputs(z), (z.detach() / 2).softmax(-1)).sum()
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert z.grad.abs().max() < 1e-6


def test_mutual_is_kl_at_temperature_one():
    z = torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(2))
    p = torch.rand(1, 4, 3, generator=torch.Generator().manual_seed(4)).softmax(-1)
    torch.testing.assert_close(
        Mutual().row_loss(outputs(z), p), Response(temperature=1).row_loss(outputs(z), p)
    )


def test_weight_is_that_of_cross_entropy():
    assert Response(weight=0.2).scale == pytest.approx(4)
    assert Response(weight=0.5).scale == 1
