"""Many runs in one frame: columns, groups, pairs, exports, costs."""

import shutil

import pandas as pd
import pytest

from p2pkd.analysis.figures.studies import (
    plot_bands,
    plot_pareto,
    plot_relation,
    plot_settings,
)
from p2pkd.analysis.io.latex import to_latex
from p2pkd.analysis.measures.budgets import Budget, accuracy_at
from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.measures.cost import (
    by_link,
    by_node,
    cost_table,
    estimate_against_actual,
    marginal_accuracy,
    pareto,
    to_target,
)
from p2pkd.analysis.measures.resources import resources_by_device, staleness_quantiles, utilisation
from p2pkd.analysis.measures.statistics import interval
from p2pkd.analysis.measures.topology import topology_measures, topology_table
from p2pkd.analysis.result import Result
from p2pkd.analysis.results import Results
from p2pkd.core.errors import ResultError
from p2pkd.run import simulate

STUDY = """
name: s
base: tiny.yaml
matrix: {topology: [ring, star], method.learn.lr: {low: 0.01, high: 0.1}}
seeds: 0..2
"""


@pytest.fixture(scope="module")
def results(folder):
    return Results.from_dir(folder)


def test_a_study_has_its_labels(results):
    assert len(results) == 12
    assert results.varied == ["topology", "method.learn.lr"]
    assert set(results.frame["method.learn.lr"]) == {"low", "high"}
    assert set(results.frame["seed"]) == {0, 1, 2}


def test_other_runs_have_the_keys_in_which_they_differ(folder, results, tmp_path):
    for number, run in enumerate(results.runs[:4]):
        (tmp_path / str(number)).symlink_to(run.path)
    some = Results.from_dir(f"{tmp_path}/*")
    assert set(some.varied) <= {"topology", "method.learn.lr", "topology.kind", "topology.k"}
    assert len(some) == 4
    with pytest.raises(ResultError, match="no complete runs"):
        Results.from_dir(tmp_path / "nothing")


def test_runs_of_an_older_form_of_the_study_are_left_out(folder, results, tmp_path):
    older = tmp_path / "runs"
    shutil.copytree(folder, older)
    shutil.copytree(results.runs[0].path, older / "0123456789abcdef")
    again = Results.from_dir(older)
    assert again.varied == results.varied
    assert [run.path.name for run in again.runs] == [run.path.name for run in results.runs]


def test_groups_are_intervals_over_seeds(results):
    table = results.group(["topology", "method.learn.lr"], "final_accuracy_mean")
    assert table.index.names == ["topology", "method.learn.lr"]
    assert (table["n"] == 3).all()
    frame = results.frame
    own = frame[(frame["topology"] == "ring") & (frame["method.learn.lr"] == "low")]
    wanted = interval(own["final_accuracy_mean"])
    row = table.loc[("ring", "low")]
    assert (row["mean"], row["low"], row["high"]) == (wanted.mean, wanted.low, wanted.high)
    assert list(results.group("topology", "wire_bytes")["n"]) == [6, 6]
    with pytest.raises(ResultError, match="did you mean 'wire_bytes'"):
        results.group("topology", "wire_byte")


def test_pairs_share_all_but_one_key(results):
    found = results.paired("method.learn.lr", "low", "high", "final_accuracy_mean")
    frame = results.frame.set_index(["topology", "seed"])
    low = frame[frame["method.learn.lr"] == "low"]["final_accuracy_mean"]
    high = frame[frame["method.learn.lr"] == "high"]["final_accuracy_mean"]
    assert found.n == 6
    assert sorted(found.differences) == pytest.approx(sorted(high - low.loc[high.index]))
    # The timeline does not depend on the learning rate: not a byte differs.
    assert not results.paired("method.learn.lr", "low", "high", "wire_bytes").differences.any()
    with pytest.raises(ResultError, match="no pairs of 'low' and 'lower'"):
        results.paired("method.learn.lr", "low", "lower", "wire_bytes")


def test_measures_and_selection(results):
    more = results.measure(nodes=lambda run: len(run.topology["nodes"]))
    assert set(more.frame["nodes"]) == {4}
    some = more.where(topology="ring", seed=1)
    assert len(some) == len(some.frame) == 2
    assert "nodes" in some.frame


def test_exports(results, tmp_path):
    results.to_csv(tmp_path / "all.csv")
    assert len(pd.read_csv(tmp_path / "all.csv")) == 12
    text = to_latex(results.group("topology", "final_accuracy_mean"))
    assert text.startswith("\\begin{tabular}{l")
    assert " \\pm " in text
    assert to_latex(pd.DataFrame({"a_b": ["50 %"], "c": [0.12345]})).count("\\_") == 1


def test_what_accuracy_cost(results):
    run = results.runs[0]
    table = costs_over_time(run)
    assert table["wire_bytes"].iloc[-1] <= run.summary["wire_bytes"]
    assert table["energy_j"].iloc[-1] == pytest.approx(run.summary["energy_j"], rel=0.02)
    assert table["energy_j"].is_monotonic_increasing
    final = table["accuracy_mean"].max()
    row = table[table["accuracy_mean"] >= final].iloc[0]
    assert to_target(run, final) == {key: row[key] for key in ("wire_bytes", "time_s", "energy_j")}
    assert pd.isna(to_target(run, 1.1)["time_s"])
    assert accuracy_at(run, Budget.parse("1 TB")).accuracy == table["accuracy_mean"].iloc[-1]
    gained = marginal_accuracy(run)
    assert (gained["wire_bytes"] > 0).all()


def test_who_paid(results):
    run = results.runs[0]
    assert by_link(run)["wire_bytes"].sum() == run.summary["wire_bytes"]
    assert by_node(run)["wire_bytes"].sum() == run.summary["wire_bytes"]


def test_one_row_a_run_and_the_front_is_marked(results):
    table = cost_table(results.runs, target=0.1, budget_bytes=1e4)
    assert len(table) == 12
    assert table["pareto"].any()
    assert {"bytes_to_target", "accuracy_at_budget", "gini_bytes"} <= set(table.columns)


def test_the_front_is_what_nobody_beats():
    table = pd.DataFrame({"cost": [1, 2, 2, 3, float("nan")], "gain": [0.5, 0.7, 0.6, 0.7, 0.9]})
    assert pareto(table, "cost", "gain").tolist() == [True, True, False, False, False]


def test_a_dry_run_foretells_the_bytes_and_the_joules(tmp_path, tiny):
    (tmp_path / "tiny.yaml").write_text(tiny)
    dry = simulate(tmp_path / "tiny.yaml", dry_run=True, out=tmp_path / "dry")
    wet = simulate(tmp_path / "tiny.yaml", out=tmp_path / "wet")
    assert (estimate_against_actual(dry, wet)["difference"].dropna() == 0).all()


def test_resources(results):
    run = results.runs[0]
    table = utilisation(run)
    assert ((table["idle"] + table["computing"]) == 1).all()
    assert ((table["uplink"] >= 0) & (table["uplink"] <= 1)).all()
    devices = resources_by_device(run)
    assert devices["agents"].sum() == 4
    assert devices["energy_total_j"].sum() == pytest.approx(run.summary["energy_j"])
    ages = list(staleness_quantiles(run).values())
    assert ages == sorted(ages)
    assert ages[0] >= 0


def test_graphs_beside_what_they_did(results):
    table = topology_table(results.where(seed=0).runs)
    assert len(table) == 4
    assert set(table["diameter"]) == {2}
    assert (table["hub_load"] >= 1).all()


def test_opening_a_single_run_still_works(results):
    assert isinstance(results.runs[0], Result)


def test_figures_show_every_run_and_every_setting(results):
    ax = plot_settings(results, "topology", "final_accuracy_mean", hue="method.learn.lr")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["ring", "star"]
    assert sum(len(dots.get_offsets()) for dots in ax.collections if len(dots.get_offsets())) >= 12
    gap = results.measure(spectral_gap=lambda run: topology_measures(run).spectral_gap)
    ax = plot_relation(gap, "spectral_gap", "final_accuracy_mean", "topology")
    assert [text.get_text() for text in ax.texts] == ["ring", "star"]
    ax = plot_pareto(results, ["topology", "method.learn.lr"])
    assert ax.texts[0].get_text() == "ring, low"
    ax = plot_bands(results, "method.learn.lr", over="wire_bytes")
    low, _ = ax.lines
    own = results.where(**{"method.learn.lr": "low"}).frame["final_accuracy_mean"]
    assert low.get_ydata()[-1] == pytest.approx(own.mean(), abs=0.05)
    with pytest.raises(ValueError, match="must be one of wire_bytes, time_s, energy_j"):
        plot_bands(results, "topology", over="joules")
