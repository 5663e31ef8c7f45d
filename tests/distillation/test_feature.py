"""Features: the error by hand, agents of different widths, models that have none."""

import numpy as np
import pytest
import torch

from p2pkd.core.errors import ScenarioError
from p2pkd.distillation.feature import Feature
from p2pkd.learning.models.sketch import fold
from p2pkd.scenario.load import scenario_from_dict

METHOD = {"send": {"knowledge": "features"}, "learn": {"objective": "feature"}}


def test_the_error_is_pytorchs_mean_squared_error(outputs):
    student, teacher = torch.randn(2, 1, 7, 8, generator=torch.Generator().manual_seed(0))
    loss = Feature().row_loss(outputs(features=student), teacher)
    assert loss.shape == (1, 7)
    torch.testing.assert_close(loss.mean(), torch.nn.functional.mse_loss(student, teacher))


def test_mean_target_has_the_gradient_of_the_mean_error(outputs):
    generator = torch.Generator().manual_seed(1)
    teachers = torch.randn(1, 3, 4, 8, generator=generator)
    weights = torch.rand(1, 3, 4, generator=generator).softmax(1)
    student = torch.randn(1, 4, 8, generator=generator).requires_grad_()
    objective = Feature()
    each = (student.unsqueeze(1) - teachers).square().mean(-1)
    (expected,) = torch.autograd.grad((each * weights).sum(), student)
    loss = objective.row_loss(outputs(features=student), objective.targets(teachers, weights, 1.0))
    torch.testing.assert_close(torch.autograd.grad(loss.sum(), student)[0], expected)


@pytest.mark.parametrize(("d", "width"), [(3, 5), (5, 5), (7, 3), (12, 4)])
def test_folding_is_a_fixed_matrix(d, width):
    matrix = np.zeros((d, width), np.float32)
    for i in range(d):
        matrix[i, i % width] = (-1) ** (i // width)
    x = torch.randn(2, 6, d, generator=torch.Generator().manual_seed(d))
    torch.testing.assert_close(fold(x, width), x @ torch.from_numpy(matrix))


def test_folding_lets_gradients_through():
    x = torch.randn(2, 7, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: fold(x, 3), x)


def test_agents_of_different_widths_come_to_see_alike(run):
    devices = [
        {"profile": "laptop", "share": "50 %", "model": {"kind": "mlp", "hidden": [16]}},
        {"profile": "laptop", "share": "50 %", "model": {"kind": "mlp", "hidden": [24]}},
    ]

    def spread(weight):
        learn = {"objective": "feature", "weight": weight, "distill_steps": 10, "lr": 0.1}
        method = {**METHOD, "learn": learn, "gossip": {"every": "10 s", "fanout": "all"}}
        simulation, _ = run(method, numbers=True, devices=devices)
        learner = simulation.shared.learner
        rows = np.arange(64)
        seen = [learner.resolve(learner.predict(a.version, rows)) for a in simulation.agents]
        seen = [x / np.linalg.norm(x) for x in seen]
        return np.mean([np.linalg.norm(x - np.mean(seen, 0)) for x in seen])

    assert spread(0.1) < 0.8 * spread(0.999)


def test_a_model_without_features_is_refused_by_name():
    with pytest.raises(
        ScenarioError,
        match=r"devices\.0\.model: 'linear' has no features, which learn\.objective 'feature'"
        r" needs; use mlp or cnn",
    ):
        scenario_from_dict(
            {
                "duration": "1 min",
                "agents": 3,
                "method": METHOD,
                "devices": [{"profile": "laptop", "model": "linear"}],
            }
        )


def test_predictions_are_no_features():
    with pytest.raises(ScenarioError, match=r"'feature' learns from features; send\.knowledge is"):
        scenario_from_dict(
            {"duration": "1 min", "agents": 3, "method": {"learn": {"objective": "feature"}}}
        )


@pytest.mark.parametrize("rule", ["confidence", "entropy", "similarity", "by_competence"])
def test_rules_for_predictions_are_refused(rule):
    with pytest.raises(ScenarioError, match=f"'{rule}' judges predictions"):
        scenario_from_dict(
            {"duration": "1 min", "agents": 3, "method": {**METHOD, "teachers": {"weights": rule}}}
        )
