"""Every task runs in little, distils, ends elsewhere than without, and is told by group."""

from pathlib import Path

import pytest

import p2pkd
from p2pkd.core.errors import ResultError

SCENARIOS = sorted(Path("scenarios/tasks").glob("*.yaml"))
LITTLE = ["agents=8", "duration=5 min", "evaluate.every=5 min", "method.teachers.warm_up=1 min"]
GROUPS = {
    "class-stream": {},
    "drift": {},
    "domain-adaptation": {"view": ["-20 degrees", "-40 degrees", "20 degrees", "40 degrees"]},
    "domain-shift": {"view": ["-30 degrees", "0 degrees", "30 degrees"]},
    "multi-task": {"task": ["digit", "parity", "size"]},
}


def run(path, out, *changes):
    return p2pkd.simulate(path, overrides=[*LITTLE, *changes], out=out)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_runs_matters_and_is_told_by_group(path, tmp_path):
    result = run(path, tmp_path / "with")
    assert result.summary["distill_steps"] > 0
    groups = GROUPS[path.stem]
    assert sorted(result.manifest["groups"]) == sorted(groups)
    for what, names in groups.items():
        table = result.by_group(what)
        assert table.index.tolist() == names
        assert table["agents"].sum() == 8
        mean = (table["accuracy"] * table["agents"]).sum() / 8
        assert mean == pytest.approx(result.summary["final_accuracy_mean"])
        assert (table["worst"] <= table["accuracy"]).all()
        assert (table["accuracy"] <= table["best"]).all()
    without = run(path, tmp_path / "without", "method.teachers.warm_up=1 h")
    assert without.agents.accuracy.tolist() != result.agents.accuracy.tolist()


def test_the_report_tells_each_domain(tmp_path):
    from p2pkd.report.tables import group_tables

    result = run("scenarios/tasks/domain-shift.yaml", tmp_path / "run")
    (table,) = group_tables(result)
    assert table.head == ["view", "agents", "accuracy", "worst", "best"]
    assert [row[0] for row in table.rows] == GROUPS["domain-shift"]["view"]
    assert sorted(row[1] for row in table.rows) == ["2", "3", "3"]


def test_groups_that_are_not_there_are_named(tmp_path):
    result = run("scenarios/tasks/multi-task.yaml", tmp_path / "run", "duration=1 min")
    with pytest.raises(ResultError, match="agents do not differ in 'view'; given task"):
        result.by_group("view")
