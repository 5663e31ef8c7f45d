"""Settings at equal cost: the frame, the command, the LaTeX, and what a referee would check."""

import io
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

from p2pkd.analysis.measures.budgets import Budget, accuracy_at
from p2pkd.analysis.measures.equal_cost import early_notes, repeated
from p2pkd.analysis.measures.equal_cost_latex import equal_cost_latex
from p2pkd.analysis.measures.power import detectable, holm, seeds_needed
from p2pkd.analysis.results import Results
from p2pkd.cli import app
from p2pkd.core.errors import ResultError
from p2pkd.report.study_page import study_html

STUDY = """
name: s
base: tiny.yaml
variants:
  few: {method.send.rows: 8}
  many: {method.send.rows: 64}
  alone: {method: {gossip: {protocol: none}, learn: {objective: local}}}
set: {evaluate.every: 10 s}
matrix: {agents: [4, 6]}
seeds: 0..2
"""
BUDGET = "20 kB"


@pytest.fixture(scope="module")
def results(folder):
    return Results.from_dir(folder)


def of(results, variant, agents, budget=BUDGET):
    runs = results.where(variant=variant, agents=agents)
    return np.array([accuracy_at(run, Budget.parse(budget)).accuracy for run in runs])


def row_of(table, variant, agents, budget=BUDGET):
    own = table[(table["variant"] == variant) & (table["agents"] == agents)]
    return own[own["budget"] == budget].iloc[0]


def test_means_and_paired_differences_to_the_first_all_else_equal(results):
    table = results.at(BUDGET, "final")
    assert len(table) == 12
    row = row_of(table, "many", 6)
    own, base = of(results, "many", 6), of(results, "few", 6)
    assert row["mean"] == own.mean()
    assert row["std"] == pytest.approx(own.std(ddof=1))
    assert row["against"] == "few, agents 6"
    wanted = stats.ttest_rel(own, base)
    limits = wanted.confidence_interval()
    assert row["difference"] == pytest.approx((own - base).mean())
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(tuple(limits))
    assert row["p"] == pytest.approx(wanted.pvalue)
    assert row["pairs"] == 3
    std = (own - base).std(ddof=1)
    assert row["detectable"] == pytest.approx(detectable(std, 3))
    assert row["seeds_needed"] == seeds_needed(row["difference"], std)
    # A comparison that is there twice, since the runs ended within the budget, counts once.
    once = ~repeated(table)
    expected = np.array(holm(table["p"].where(once).tolist()))
    assert table["p_holm"][once].tolist() == pytest.approx(expected[once].tolist(), nan_ok=True)
    assert row_of(table, "few", 4)["against"] == ""
    assert np.isnan(row_of(table, "few", 4)["p_holm"])


def test_who_spent_less_is_told(results):
    table = results.at(BUDGET)
    assert row_of(table, "alone", 4)["reached"] == 0
    assert row_of(table, "alone", 4)["mean"] == of(results, "alone", 4, "final").mean()
    many = row_of(table, "many", 6)
    assert many["reached"] == 1
    assert 0 < many["used"] <= 1
    assert (results.at("final")["reached"] == 1).all()


def test_a_run_without_accuracy_leaves_its_setting_without_one(results, monkeypatch):
    import p2pkd.analysis.measures.equal_cost as module

    def bought(run, budget):
        found = accuracy_at(run, budget)
        return found._replace(accuracy=float("nan")) if run is lost else found

    lost = results.where(variant="many", agents=4).runs[0]
    monkeypatch.setattr(module, "accuracy_at", bought)
    table = results.at("final")
    row = row_of(table, "many", 4, "final")
    assert (row["n"], row["pairs"]) == (2, 2)
    assert row[["mean", "low", "difference", "p", "p_holm", "detectable"]].isna().all()
    assert r"\mathrm{n/a}" in equal_cost_latex(table)


def test_who_is_hardly_trained_at_a_budget_is_told_and_compared_with_nothing(folder, results):
    budget = "150 B"  # less than one message
    table = results.at(budget, against="alone")
    row = row_of(table, "many", 4, budget)
    assert (row["reached"], row["used"], row["early"]) == (1, 0, 1)
    assert row[["difference", "p", "p_holm", "seeds_needed"]].isna().all()
    assert row_of(table, "alone", 4, budget)["early"] == 0
    (note,) = early_notes(table)
    assert f"at {budget} there is no answer for few, agents 4 (0 % of it spent" in note
    assert "many, agents 6" in note
    assert "alone" not in note
    best = results.at(budget, against="best")
    assert best["against"].iloc[0] in ("alone, agents 4", "alone, agents 6")
    words = ["export", str(folder), "--table", "groups", "--at", budget]
    told = CliRunner().invoke(app, [*words, "--to", "latex"])
    assert "WARNING: at 150 B there is no answer for few" in told.stderr
    assert r"$^{\ddagger}$ & [$" in told.stdout
    assert "$0\\,\\%$" in told.stdout
    assert "At 150 B there is no answer for few" in study_html(folder, [budget])
    runs = [str(run.path) for run in results]
    cost = CliRunner().invoke(app, ["cost", *runs, "--budget", budget])
    assert cost.stderr.count("no evaluation is near 150 B") == 12


def test_the_same_test_at_two_budgets_counts_once(results):
    once = results.at("final", against="alone")
    twice = results.at("1 min", "final", against="alone")
    assert twice["p_holm"].tolist() == pytest.approx(2 * once["p_holm"].tolist(), nan_ok=True)
    assert "all 4 comparisons" in equal_cost_latex(twice)


def test_a_named_setting_the_best_or_all_pairs(results):
    table = results.at(BUDGET, against="alone")
    assert row_of(table, "few", 4)["against"] == "alone, agents 4"
    one = results.at(BUDGET, against="alone, agents 4")
    assert set(one["against"]) == {"", "alone, agents 4"}
    best = results.at("final", against="best")
    assert (best["difference"].dropna() <= 0).all()
    pairs = results.at("final", against="all")
    assert len(pairs) == 1 + 5 * 6 / 2
    assert pairs["p"].notna().sum() == 15
    with pytest.raises(ResultError, match="did you mean 'alone'"):
        results.at(BUDGET, against="alon")
    with pytest.raises(ResultError, match=r"given '1'"):
        results.at("1")


def test_the_command_gives_the_same_frame(folder, results):
    words = ["export", str(folder), "--table", "groups", "--at", BUDGET, "--at", "40 s"]
    done = CliRunner().invoke(app, [*words, "--against", "alone"])
    assert done.exit_code == 0, done.output
    found = pd.read_csv(io.StringIO(done.stdout), keep_default_na=True)
    wanted = results.at(BUDGET, "40 s", against="alone")
    assert list(found.columns) == list(wanted.columns)
    assert found["p_holm"].tolist() == pytest.approx(wanted["p_holm"].tolist(), nan_ok=True)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--table", "groups", "--at", "1"], "at: must be like '10 MB'"),
        (["--at", "1 MB"], "are for --table groups"),
        (["--table", "groups", "--at", "1 MB", "--metric", "wire_bytes"], "leave out 'wire_bytes'"),
        (["--table", "groups", "--against", "few!"], "did you mean 'few'"),
    ],
)
def test_wrong_words_are_told(folder, words, what):
    found = CliRunner().invoke(app, ["export", str(folder), *words])
    assert found.exit_code == 2
    assert what in found.stderr


def test_latex_marks_who_spent_less_and_needs_no_package(results, tmp_path):
    table = results.at(BUDGET, "final", against="alone")
    text = equal_cost_latex(table)
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 13
    assert {row.count("&") for row in rows} == {13}
    assert sum("dagger" in row for row in rows) == (table["reached"] < 1).sum() >= 2
    assert "8 comparisons" in text
    assert "toprule" not in text
    if shutil.which("pdflatex"):
        page = f"\\documentclass{{article}}\\begin{{document}}{text}\\end{{document}}"
        (tmp_path / "t.tex").write_text(page)
        subprocess.run(["pdflatex", "-interaction=batchmode", "t.tex"], cwd=tmp_path, check=True)
