"""Every objective has a scenario that runs, distils, and ends elsewhere than without it."""

from pathlib import Path

import pytest

import p2pkd
from p2pkd.distillation.base import Objective
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.load import load_scenario

SCENARIOS = sorted(Path("scenarios/methods").glob("objective-*.yaml"))
# Run by tests/test_methods.py.
PRESETS = sorted(Path("scenarios/methods").glob("preset-*.yaml"))
LITTLE = ["agents=8", "duration=7 min", "evaluate.every=7 min"]
# Named by scenarios of their own, elsewhere: controls, parameter gossip and the quickstart.
ELSEWHERE = {"local", "merge", "mutual", "response", "self"}


def accuracies(path, out, *changes):
    result = p2pkd.simulate(path, overrides=[*LITTLE, *changes], out=out)
    return result.agents.accuracy.tolist(), result.summary


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_runs_and_matters(path, tmp_path):
    learned, summary = accuracies(path, tmp_path / "with")
    assert summary["distill_steps"] > 0
    without, summary = accuracies(path, tmp_path / "without", "method.teachers.warm_up=1 h")
    assert summary["distill_steps"] == 0
    assert learned != without


def test_every_objective_is_named_by_a_scenario():
    load_kinds()
    paths = [*SCENARIOS, *PRESETS]
    named = {load_scenario(path).scenario.method.learn.tag_value for path in paths}
    ours = {n for n, cls in Objective.members.items() if cls.__module__.startswith("p2pkd.")}
    assert ours - ELSEWHERE == named - ELSEWHERE
