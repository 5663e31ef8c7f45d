"""Tasks: labels of the agent's own, and rows of its task alone."""

from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import DataError, ScenarioError
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import DataSpec
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.world.data import build_data

N_AGENTS = 7
PARITY = {"name": "parity", "classes": [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]}
SMALL = {"name": "small", "classes": [[0], [1], [2], [3]]}


def build(*tasks, n=N_AGENTS, **changes):
    spec = DataSpec.model_validate(
        {"dataset": "digits", "reference": {"rows": 30}, "tasks": tasks, **changes}
    )
    return build_data(spec, n, Streams(4), Path())


def test_rows_are_relabelled_for_their_owner():
    plain, data = build(), build(PARITY, SMALL)
    assert data.tasks.names == ("parity", "small")
    assert sorted(np.bincount(data.tasks.of)) == [3, 4]
    assert data.n_classes == 4
    for agent in range(N_AGENTS):
        before = plain.partition.of(agent)
        rows = data.partition.of(agent)
        labels = plain.private_y[rows]
        if data.tasks.of[agent] == 0:
            np.testing.assert_array_equal(rows, before)
            np.testing.assert_array_equal(data.private_y[rows], labels % 2)
        else:
            np.testing.assert_array_equal(rows, before[plain.private_y[before] < 4])
            np.testing.assert_array_equal(data.private_y[rows], labels)
        counts = np.bincount(data.private_y[rows], minlength=4)
        np.testing.assert_array_equal(data.partition.label_counts[agent], counts)


def test_test_rows_of_other_tasks_have_no_label():
    plain, data = build(), build(PARITY, SMALL)
    np.testing.assert_array_equal(data.tasks.test_y[0], plain.test_y % 2)
    few = np.where(plain.test_y < 4, plain.test_y, -1)
    np.testing.assert_array_equal(data.tasks.test_y[1], few)
    np.testing.assert_array_equal(data.test_y, plain.test_y)


def test_unknown_classes_are_named():
    with pytest.raises(DataError, match=r"data.tasks.0.classes: 10, but the data have classes 0"):
        build({"name": "x", "classes": [[0], [10]]})


def test_an_agent_without_rows_of_its_task_is_named():
    with pytest.raises(DataError, match=r"agent \d+ has no rows of its task"):
        build(
            {"name": "low", "classes": [[0], [1]]},
            {"name": "high", "classes": [[8], [9]]},
            partition={"kind": "shards", "classes": 1},
        )


def test_one_class_in_two_places_is_refused():
    with pytest.raises(ScenarioError, match="task 'x': a class of the data is in two"):
        scenario_from_dict(
            {
                "duration": "1 min",
                "agents": 3,
                "data": {"tasks": [{"name": "x", "classes": [[0], [0, 1]]}]},
            }
        )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, "data.tasks: 'soft_labels' are about one task's classes"),
        (
            {
                "method": {"preset": "d-psgd"},
                "devices": [{"profile": "laptop", "model": "linear"}],
            },
            "data.tasks: 'weights' are about one task's classes",
        ),
        ({"method": {"preset": "pooled"}}, "rows with different labels cannot be pooled"),
        (
            {"method": {"preset": "isolated"}, "models": {"start": "pretrained"}},
            "reference rows have no task to pre-train on",
        ),
    ],
)
def test_what_is_about_classes_cannot_be_told_between_tasks(change, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict(
            {"duration": "1 min", "agents": 4, "data": {"tasks": [PARITY, SMALL]}, **change}
        )
