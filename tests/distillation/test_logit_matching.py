"""Matching logits: the loss, its gradient, and what it goes with."""

import pytest
import torch

from p2pkd.core.errors import ScenarioError
from p2pkd.distillation.logit_matching import LogitMatching
from p2pkd.scenario.load import scenario_from_dict


@pytest.mark.parametrize("distance", ["absolute", "squared"])
def test_loss_and_gradient(distance, outputs):
    """The mean over classes, of logits as they are: a constant added to all counts."""
    z, t = torch.randn(2, 3, 5, requires_grad=True), torch.randn(2, 3, 5)
    learn = LogitMatching(distance=distance)
    loss = learn.row_loss(outputs(z), t)
    off = z - t
    torch.testing.assert_close(loss, (off.abs() if distance == "absolute" else off**2).mean(-1))
    assert not torch.allclose(loss, learn.row_loss(outputs(z), t + 1))
    loss.sum().backward()
    torch.testing.assert_close(learn.row_gradient(outputs(z), t), z.grad)


def test_the_target_is_the_weighted_mean_of_logits():
    z = torch.randn(1, 2, 3, 4)
    weights = torch.tensor([0.25, 0.75])[None, :, None].expand(1, 2, 3)
    expected = 0.25 * z[:, 0] + 0.75 * z[:, 1]
    torch.testing.assert_close(LogitMatching().targets(z, weights, 1.0), expected)


@pytest.mark.parametrize(
    ("method", "complaint"),
    [
        ({"send": {"knowledge": "soft_labels"}}, "learns from logits"),
        ({"teachers": {"sharpen": "era"}}, "no filters or sharpen"),
        ({"teachers": {"weights": "entropy"}}, "looks at probabilities"),
        ({"teachers": {"combine": "mean_losses"}}, "makes one target"),
    ],
)
def test_what_it_does_not_go_with(method, complaint):
    values = {"duration": "1 min", "agents": 3, "method": {"preset": "fedmd", **method}}
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict(values)
