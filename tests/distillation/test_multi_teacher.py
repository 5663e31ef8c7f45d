"""Several teachers: the mean of KLs, and what it has to do with the KL to the mean."""

import pytest
import torch

from p2pkd.distillation.multi_teacher import MultiTeacher
from p2pkd.knowledge.teachers import MeanLogits, MeanProbabilities


def gradient(loss, logits):
    z = logits.clone().requires_grad_()
    loss(z).backward()
    return z.grad


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_mean_of_kls_has_the_gradient_of_the_kl_to_the_mean(outputs, temperature):
    generator = torch.Generator().manual_seed(0)
    teachers = torch.randn(1, 4, 6, 5, generator=generator).log_softmax(-1)
    student = torch.randn(1, 6, 5, generator=generator)
    objective = MultiTeacher(temperature=temperature)
    quarter = torch.full((1, 4, 6), 0.25)

    def by_the_book(z):
        """Equation 3.4.2.1, with PyTorch's own KL."""
        log_p = (z[0] / temperature).log_softmax(-1)
        targets = (teachers[0] / temperature).log_softmax(-1)
        each = [
            torch.nn.functional.kl_div(log_p, t, log_target=True, reduction="sum") for t in targets
        ]
        return temperature**2 * torch.stack(each).mean()

    def with_(combine):
        targets = combine.targets(teachers, quarter, temperature)
        return lambda z: objective.row_loss(outputs(z), targets).sum()

    expected = gradient(by_the_book, student)
    torch.testing.assert_close(gradient(with_(MeanProbabilities()), student), expected)
    different = gradient(with_(MeanLogits()), student)
    assert (different - expected).abs().max() > 0.01


def test_one_teacher_is_too_few(run):
    method = {
        "gossip": {"every": "10 s"},
        "learn": {"objective": "multi_teacher", "at_least": 2, "distill_steps": 1},
    }
    _, log = run(method)
    taught = [c.teachers for c in log.computations if c.kind == "distill"]
    assert taught
    assert set(taught) == {2}
