"""A discriminator a batch: against PyTorch's own, at its fixed point, and what it teaches."""

import math

import pytest
import torch

from p2pkd.core.errors import ScenarioError
from p2pkd.distillation.adversarial import Adversarial, looks
from p2pkd.scenario.load import scenario_from_dict


def predictions(seed, n=8, sharp=1.0):
    logits = torch.randn(2, n, 3, generator=torch.Generator().manual_seed(seed))
    return (sharp * logits).softmax(-1)


def test_the_discriminator_is_logistic_regression_by_gradient_descent():
    objective = Adversarial(critic_steps=7, critic_lr=1.5)
    teachers, student = looks(predictions(0, sharp=3.0)), looks(predictions(1))
    got = objective.critic(teachers, student, torch.ones(2, 8))
    for g in range(2):
        linear = torch.nn.Linear(7, 1, bias=False)
        torch.nn.init.zeros_(linear.weight)
        optimizer = torch.optim.SGD(linear.parameters(), lr=1.5)
        for _ in range(7):
            optimizer.zero_grad()
            bce = torch.nn.functional.binary_cross_entropy_with_logits
            real, fake = linear(teachers[g]), linear(student[g])
            (bce(real, torch.ones(8, 1)) + bce(fake, torch.zeros(8, 1))).backward()
            optimizer.step()
        torch.testing.assert_close(got[g], linear.weight[0].detach(), atol=1e-5, rtol=1e-4)


def test_who_speaks_like_its_teachers_cannot_be_told_from_them(outputs):
    p = predictions(0)
    loss = Adversarial().row_loss(outputs(p.log()), p)
    torch.testing.assert_close(loss, torch.full((2, 8), math.log(2)))


def test_the_loss_is_minus_log_d(outputs):
    teachers, student = predictions(0, sharp=3.0), predictions(1)
    objective = Adversarial()
    critic = objective.critic(looks(teachers), looks(student), torch.ones(2, 8))
    score = torch.einsum("gbw,gw->gb", looks(student), critic)
    expected = torch.nn.functional.softplus(-score)
    torch.testing.assert_close(objective.row_loss(outputs(student.log()), teachers), expected)


def test_rows_without_a_teacher_are_not_compared():
    teachers, student = looks(predictions(0)), looks(predictions(1))
    known = torch.tensor([[1.0] * 5 + [0.0] * 3] * 2)
    torch.testing.assert_close(
        Adversarial().critic(teachers, student, known),
        Adversarial().critic(teachers[:, :5], student[:, :5], torch.ones(2, 5)),
    )


def test_descending_it_makes_two_samples_alike(outputs):
    teachers = predictions(0, n=64, sharp=2.0) * torch.tensor([3.0, 1.0, 0.2])
    teachers = teachers / teachers.sum(-1, keepdim=True)
    logits = torch.zeros(2, 64, 3).requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.05)

    def apart():
        return (logits.softmax(-1).mean(1) - teachers.mean(1)).norm().item()

    before = apart()
    for _ in range(200):
        optimizer.zero_grad()
        Adversarial().row_loss(outputs(logits), teachers).mean().backward()
        optimizer.step()
    assert apart() < 0.3 * before


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"learn": {"objective": "adversarial", "batch": "full"}}, "give a number"),
        ({"teachers": {"combine": "mean_losses"}}, "has one target"),
    ],
)
def test_what_does_not_go_with_it_is_refused(change, complaint):
    method = {"learn": {"objective": "adversarial"}, **change}
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict({"duration": "1 min", "agents": 3, "method": method})
