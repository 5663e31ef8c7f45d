"""Teachers: means, weights, and what is and is not the same."""

import pytest
import torch

from p2pkd.distillation.base import kl_divergence
from p2pkd.knowledge.teachers import Confidence, MeanLogits, MeanProbabilities, Uniform, normalised

generator = torch.Generator().manual_seed(3)
log_p = torch.randn(2, 3, 4, 5, generator=generator).log_softmax(-1)
present = torch.ones(2, 3, 4)


def student_gradient(loss):
    z = torch.zeros(2, 4, 5, requires_grad=True)
    loss(z.log_softmax(-1)).sum().backward()
    return z.grad


def test_mean_of_probabilities_has_the_gradient_of_the_mean_of_losses():
    weights, _ = normalised(Uniform().weights(log_p, present))
    target = MeanProbabilities().targets(log_p, weights, 1.0)
    of_mean = student_gradient(lambda s: kl_divergence(target, s))
    mean_of = student_gradient(lambda s: kl_divergence(log_p.exp(), s.unsqueeze(1)).mean(1))
    torch.testing.assert_close(of_mean, mean_of)


def test_mean_of_logits_has_another_gradient():
    weights, _ = normalised(present)
    by_p = MeanProbabilities().targets(log_p, weights, 1.0)
    by_z = MeanLogits().targets(log_p, weights, 1.0)
    assert (by_p - by_z).abs().max() > 0.01


@pytest.mark.parametrize("combination", [MeanProbabilities(), MeanLogits()])
def test_targets_are_probabilities_at_the_temperature(combination):
    one = log_p[:, :1]
    weights, _ = normalised(torch.ones(2, 1, 4))
    expected = (one[:, 0] / 3).softmax(-1)
    torch.testing.assert_close(combination.targets(one, weights, 3.0), expected)


def test_rows_nobody_speaks_of_are_masked():
    spoken = present.clone()
    spoken[0, :, 1] = 0
    weights, known = normalised(Uniform().weights(log_p, spoken))
    assert known[0].tolist() == [1, 0, 1, 1]
    torch.testing.assert_close(weights.sum(1), known)


def test_confidence_prefers_the_sharper_teacher():
    sharp = torch.tensor([8.0, 0, 0, 0]).log_softmax(-1)
    flat = torch.zeros(4).log_softmax(-1)
    both = torch.stack([sharp, flat]).view(1, 2, 1, 4)
    weights, _ = normalised(Confidence().weights(both, torch.ones(1, 2, 1)))
    assert weights[0, 0, 0] > 0.999
