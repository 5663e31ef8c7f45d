"""Agents are measured on rows of their own task, as they see them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional
from toys import N_AGENTS, N_CLASSES, make_data, make_learner

from p2pkd.scenario.models import LinearSpec


@pytest.fixture
def data():
    data = make_data()
    rng = np.random.default_rng(1)
    test_y = np.stack([data.test_y, np.where(data.test_y < 2, data.test_y, -1)])
    data.tasks = SimpleNamespace(of=np.arange(N_AGENTS) % 2, test_y=test_y)
    x = rng.normal(size=(3, *data.test_x.shape)).astype(np.float32)
    data.views = SimpleNamespace(
        of=np.arange(N_AGENTS) % 3, test_x=x, reference_x=data.reference_x[None]
    )
    return data


def test_accuracy_and_loss_are_those_of_plain_models(data):
    learner = make_learner((LinearSpec(),), data=data)
    versions = [learner.initial(agent) for agent in range(N_AGENTS)]
    result = learner.evaluate(versions)
    for agent, version in enumerate(versions):
        flat = torch.from_numpy(learner.parameters(version))
        weight, bias = flat[: 6 * N_CLASSES].view(N_CLASSES, 6), flat[6 * N_CLASSES :]
        y = torch.from_numpy(data.tasks.test_y[agent % 2])
        logits = torch.from_numpy(data.views.test_x[agent % 3]) @ weight.T + bias
        of_task = y >= 0
        assert result.loss[agent] == pytest.approx(
            functional.cross_entropy(logits[of_task], y[of_task]).item(), rel=1e-5
        )
        right = (logits.argmax(1) == y)[of_task].double().mean().item()
        assert result.accuracy[agent] == pytest.approx(right)


def test_agents_of_different_tasks_have_no_ensemble(data):
    learner = make_learner(data=data)
    result = learner.evaluate([learner.initial(agent) for agent in range(N_AGENTS)])
    assert np.isnan([result.disagreement, result.ensemble_accuracy]).all()


def test_common_rows_have_one_place_and_own_rows_one_for_each_view(data):
    common = make_learner(data=data).tables.sight
    rows = torch.tensor([[0, 3], [5, 1]])
    assert common.places([0, 1], rows).tolist() == rows.tolist()
    data.views.reference_x = np.stack([data.reference_x * i for i in range(3)])
    own = make_learner(data=data).tables.sight
    places = own.places([2, 4], rows)
    assert places.tolist() == [[48, 51], [29, 25]]
    expected = np.stack([data.reference_x[[0, 3]] * 2, data.reference_x[[5, 1]]])
    np.testing.assert_array_equal(own.reference_x[places], expected)
