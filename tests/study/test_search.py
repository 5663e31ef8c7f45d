"""Searches: what is written, what is chosen, what is given up, and going on after a stop."""

import itertools
import math
import os
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from p2pkd.analysis.measures.trials import trial_table
from p2pkd.analysis.result import Result
from p2pkd.analysis.results import Results
from p2pkd.cli import app
from p2pkd.core.errors import InputError, Pruned, ScenarioError
from p2pkd.core.records import PopulationRecord
from p2pkd.run import simulate
from p2pkd.scenario.yaml import Node, Place
from p2pkd.study.executors import InProcess
from p2pkd.study.load import load_study
from p2pkd.study.measures import (
    AccuracyAt,
    BytesTo,
    FinalAccuracy,
    LeastOf,
    SecondsTo,
    best_trial,
)
from p2pkd.study.plan import plan_of
from p2pkd.study.pruning import Pruner, bars_of
from p2pkd.study.samplers import Asked
from p2pkd.study.search_spec import PruneSpec, TpeSearch
from p2pkd.study.space import Range
from p2pkd.study.start import sweep_of

SEARCH = """
name: s
base: tiny.yaml
search:
  kind: {kind}
  {trials}
  space:
    method.learn.lr: {{from: 0.001, to: 0.5, scale: log, points: 3}}
    topology: {{closed: ring, hub: star}}
  {more}
seeds: [3, 4]
"""


def search(kind, trials="trials: 6", more="at_once: 2"):
    return SEARCH.format(kind=kind, trials=trials, more=more)


def run(study_file, tmp_path, text, executor=None, folder="runs"):
    sweep = sweep_of(load_study(study_file(text)), tmp_path / folder)
    return sweep, sweep.run(executor or InProcess(), resume=True)


class Backwards(InProcess):
    """As if the last worker were always the fastest."""

    def outcomes(self, tasks):
        return super().outcomes(tasks[::-1])


def problems(path):
    with pytest.raises(ScenarioError) as caught:
        load_study(path)
    return [(p.line, p.column, p.key) for p in caught.value.problems]


def test_a_grid_is_every_combination(study_file, tmp_path):
    sweep, table = run(study_file, tmp_path, search("grid", "objective: accuracy"))
    assert list(table.columns[:8]) == [
        "trial", "method.learn.lr", "topology", "seed", "run", "status", "error", "objective",
    ]  # fmt: skip
    settings = table[table["seed"] == 3][["method.learn.lr", "topology"]].to_numpy().tolist()
    assert settings == [
        list(p) for p in itertools.product([0.001, 0.02236, 0.5], ["closed", "hub"])
    ]
    assert (table["objective"] == table["final_accuracy_mean"]).all()
    assert table["git_commit"].notna().all()
    trials = trial_table(table)
    assert trials["objective"].tolist() == pytest.approx(
        table.groupby("trial")["objective"].mean().tolist()
    )
    best = best_trial(trials, FinalAccuracy())
    assert best["objective"] == trials["objective"].max()
    assert sweep.size.runs == 12
    assert Results.from_dir(sweep.folder).varied == ["trial", "method.learn.lr", "topology"]


@pytest.mark.parametrize("kind", ["random", "tpe"])
def test_a_search_is_the_same_in_any_order_of_its_runs_and_after_a_stop(study_file, tmp_path, kind):
    text = search(kind, more="at_once: 2\n  prune: {after: 2}")
    sweep, table = run(study_file, tmp_path, text)
    _, there = run(study_file, tmp_path, text, Backwards(), "there")
    commits = ["git_commit"]
    pd.testing.assert_frame_equal(table.drop(columns=commits), there.drop(columns=commits))
    # Taking runs away from the middle on is what a kill leaves.
    for key in sweep.keys[4:]:
        shutil.rmtree(sweep.folder / key)
    again = sweep_of(sweep.study, sweep.folder)
    assert len(again.complete()) == 4
    heard = []
    resumed = again.run(InProcess(), resume=True, told=heard.append)
    assert sorted(outcome.key for outcome in heard) == sorted(sweep.keys[4:])
    pd.testing.assert_frame_equal(table.drop(columns=commits), resumed.drop(columns=commits))
    with pytest.raises(InputError, match="continue with --resume"):
        again.run(InProcess())


def test_values_lie_in_their_ranges(study_file, tmp_path):
    text = """
    name: s
    base: tiny.yaml
    search:
      kind: random
      trials: 40
      space:
        method.learn.lr: {from: 0.01, to: 0.1}
        method.gossip.every: {from: 5 s, to: 20 s}
        method.send.rows: {from: 8, to: 62, step: 8}
        links.loss: [0 %, 10 %]
    """
    found = load_study(study_file(text)).search
    sampler = found.sampler()
    chosen = [{k: v.label for k, v in p.items()} for p in iter(sampler.ask, None)]
    assert len(chosen) == found.trials == 40
    assert {p["method.send.rows"] for p in chosen} == set(range(8, 57, 8))
    assert all(0.01 <= p["method.learn.lr"] <= 0.1 for p in chosen)
    assert all(5 <= float(p["method.gossip.every"].removesuffix(" s")) <= 20 for p in chosen)
    assert {p["links.loss"] for p in chosen} == {"0 %", "10 %"}


@given(st.floats(1e-6, 1e3), st.floats(1.01, 1e4), st.floats(0, 1), st.booleans())
def test_rounding_never_leaves_a_range(low, factor, share, log):
    node = Node(None, Place("f", 1, 1), Place("f", 1, 1))
    dimension = Range("a.b", low, low * factor, node, log=log, points=3)
    values = [dimension.value(low + share * (low * factor - low)), *dimension.grid()]
    assert all(low <= value.label <= low * factor for value in values)


def test_the_estimator_finds_what_chance_seldom_does():
    node = Node(None, Place("f", 1, 1), Place("f", 1, 1))
    spec = TpeSearch(kind="tpe", space={"x": {}}, trials=60, startup=10)
    sampler = Asked(spec, [Range("x", -10.0, 10.0, node)])
    values = []
    for number, proposal in enumerate(iter(sampler.ask, None)):
        values.append(proposal["x"].label)
        sampler.tell(number, "done", -((values[-1] - 3) ** 2))
    late = [abs(x - 3) for x in values[-20:]]
    assert sorted(late)[10] < 2  # by chance: 5


def test_mistakes_have_places(study_file):
    text = """
    name: s
    base: tiny.yaml
    matrix: {agents: [4]}
    search:
      kind: grid
      space:
        method.learn.lr: {from: 0.1, too: 0.5, scale: lg}
        method.gossip.every: {from: 5 s, to: 1 min, points: 2}
        method.send.rows: {from: 8, to: 4, points: 0}
        agents: {from: 4, to: 8}
        links.loss: 1 %
        seed: [1]
    """
    assert problems(study_file(text)) == [
        (3, 1, "matrix"),
        (7, 22, "search.space.method.learn.lr.to"),
        (7, 34, "search.space.method.learn.lr.too"),
        (7, 51, "search.space.method.learn.lr.scale"),
        (8, 42, "search.space.method.gossip.every.to"),
        (9, 48, "search.space.method.send.rows.points"),
        (10, 13, "search.space.agents"),
        (11, 17, "search.space.links.loss"),
        (12, 11, "search.space.seed"),
    ]
    wrong = search("grid", "objective: {kind: accuracy_at, budget: 10}")
    assert problems(study_file(wrong)) == [(5, 42, "search.objective.budget")]
    assert problems(study_file(search("grdi", ""))) == [(4, 9, "search.kind")]
    wrong = search("grid", "").replace("learn.lr", "learn.lrr").replace("star", "stra")
    assert problems(study_file(wrong)) == [(7, 18, "method.learn.lrr"), (8, 35, "topology")]


def test_a_choice_that_is_no_scenario_is_a_failed_trial(study_file, tmp_path):
    text = """
    name: s
    base: tiny.yaml
    search:
      kind: grid
      space:
        agents: [4, 5]
        topology: [ring, {kind: random_regular, k: 2}, {kind: random_regular, k: 3}]
    """
    with pytest.raises(InputError):
        load_study(study_file(text.replace("[4, 5]", "[5, 4]")))
    sweep, table = run(study_file, tmp_path, text)
    assert table["status"].tolist() == ["done"] * 5 + ["failed"]
    assert "topology" in table["error"].iloc[-1]
    assert sweep.errors == {"trial 5": table["error"].iloc[-1]}


def test_a_run_below_the_bar_ends_there_and_is_readable(study_file, tmp_path):
    study_file("")
    path = tmp_path / "pruned"
    with pytest.raises(Pruned, match="given up at 30 s: accuracy"):
        simulate(tmp_path / "tiny.yaml", out=path, observers=[Pruner(((30.0, 1.0),))])
    result = Result.from_dir(path)
    assert result.status == "pruned"
    assert result.population["time_s"].tolist() == [0.0, 30.0]
    assert result.summary["simulated_s"] == 30.0
    sent = result.summary["messages_sent"]
    assert sent == len(result.messages) > 0
    assert "pruned by a search: given up at 30 s" in result.warnings[0]
    whole = simulate(tmp_path / "tiny.yaml", out=tmp_path / "whole")
    early = whole.population[whole.population["time_s"] <= 30.0]
    pd.testing.assert_frame_equal(result.population, early.reset_index(drop=True))


def test_the_bar_is_the_median_of_the_complete_runs(study_file, tmp_path):
    sweep, table = run(study_file, tmp_path, search("grid", ""))
    runs = [sweep.folder / key for key in table[table["seed"] == 3]["run"]]
    accuracies = [Result.from_dir(run).population["accuracy_mean"].iloc[1] for run in runs]
    bars = bars_of(PruneSpec(after=4, warm_up="10 s"), runs, 60.0)
    assert bars == ((30.0, pytest.approx(pd.Series(accuracies).median())),)
    assert bars_of(PruneSpec(after=7), runs, 60.0) == ()
    assert bars_of(None, runs, 60.0) == ()


def test_the_best_so_far_counts():
    def look(pruner, time, accuracy):
        pruner.population(PopulationRecord(time, 1, 1, accuracy, 0, 0, 0, 0))

    pruner = Pruner(((10.0, 0.5), (20.0, 0.6)))
    look(pruner, 10.0, 0.5)
    look(pruner, 15.0, 0.7)
    look(pruner, 20.0, 0.2)
    with pytest.raises(Pruned, match=r"accuracy 40.0 %, the median of earlier runs was 50.0 %"):
        look(Pruner(((10.0, 0.5),)), 10.0, 0.4)


def test_measures_are_those_of_the_cost_analysis(study_file, tmp_path):
    from p2pkd.analysis.measures.budgets import Budget, accuracy_at
    from p2pkd.analysis.measures.cost import to_target

    study_file("")
    result = simulate(tmp_path / "tiny.yaml", out=tmp_path / "run")
    wanted = accuracy_at(result, Budget.parse("30 s")).accuracy
    assert AccuracyAt(budget="30 s").of(result) == wanted
    spent = to_target(result, 0.05)
    assert BytesTo(accuracy="5 %").of(result) == spent["wire_bytes"]
    assert SecondsTo(accuracy=0.05).of(result) == spent["time_s"]
    assert math.isnan(SecondsTo(accuracy=1.0).of(result))
    assert LeastOf(number="final_disagreement").of(result) == result.summary["final_disagreement"]
    assert not LeastOf.maximise


def test_optuna_is_asked_for_by_name_when_it_is_missing(study_file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    for kind in ("random", "tpe"):
        with pytest.raises(InputError, match=rf"kind {kind}: .* pip install 'p2pkd\[search\]'"):
            sweep_of(load_study(study_file(search(kind))), tmp_path / "runs")
    sweep_of(load_study(study_file(search("grid", ""))), tmp_path / "runs")


def test_plan_status_and_the_best_trial_on_the_command_line(study_file, tmp_path):
    path = study_file(search("tpe", more="at_once: 3\n  prune: {after: 2}\n  objective: accuracy"))
    out = ["--out", str(tmp_path / "runs")]

    def invoke(*words):
        return CliRunner().invoke(app, ["sweep", str(path), *words, *out])

    plan = invoke("--dry-run")
    assert "at most 12 runs (6 trials, 2 seeds)" in plan.stdout
    assert not (tmp_path / "runs").exists()
    done = invoke("--jobs", "1")
    assert done.exit_code == 0, done.output
    assert "Best       trial=" in done.stdout
    sweep = sweep_of(load_study(path), tmp_path / "runs")
    size = len(sweep.complete())
    status = invoke("--status").stdout
    assert f"Done       {size} of {size}" in status
    assert "Left       0" in status
    assert plan_of(sweep).left == 0


def test_examples_are_searches():
    for path in Path("scenarios/studies").glob("search-*.yaml"):
        study = load_study(path)
        assert study.search is not None
        assert study.search.trials >= 10
    assert os.path.exists("scenarios/studies/search-budget.yaml")
