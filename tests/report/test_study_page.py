"""A study on a page: every kind of study that there is."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.core.errors import ResultError
from p2pkd.report import is_study, write_study_report
from p2pkd.study.executors import InProcess
from p2pkd.study.load import load_study
from p2pkd.study.start import sweep_of

TINY = """
name: tiny
duration: 1 min
agents: 4
topology: ring
devices: [{profile: laptop, model: {kind: mlp, hidden: [8]}}]
data: {dataset: digits, reference: {rows: 64}}
method:
  send: {knowledge: soft_labels, rows: 16}
  gossip: {protocol: push, every: 10 s}
  learn: {objective: response, lr: 0.05, local_steps: 2, distill_steps: 2, batch: 16}
evaluate: {every: 30 s}
"""
MATRIX = """
name: s
description: Graphs <&> rows.
base: tiny.yaml
matrix: {topology: [ring, star], data.reference.rows: [64, 5000]}
seeds: 0..1
"""
SEARCH = """
name: s
base: tiny.yaml
search:
  kind: random
  trials: 6
  at_once: 2
  prune: {after: 2}
  space: {method.learn.lr: {from: 0.001, to: 0.5, scale: log}}
"""
REMOVE = "name: s\nbase: tiny.yaml\nremove: 0..1\nseeds: 0..2\n"


def page(tmp_path, text):
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / "study.yaml").write_text(text)
    sweep = sweep_of(load_study(tmp_path / "study.yaml"), tmp_path / "runs")
    sweep.run(InProcess())
    path = write_study_report(sweep.folder)
    assert path == sweep.folder / "report.html"
    text = path.read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(ids)
    assert set(re.findall(r'href="#([^"]*)"', text)) <= set(ids)
    assert not re.search(r'(?:src|href)="(?!#|data:)', text)
    assert str(tmp_path) not in text
    assert write_study_report(sweep.folder).read_text(encoding="utf-8") == text
    return text, sweep.folder


def test_settings_failures_and_who_pays(tmp_path):
    text, folder = page(tmp_path, MATRIX)
    assert "Graphs &lt;&amp;&gt; rows." in text
    assert "4 of 8 runs complete · 2 settings · 2 seeds" in text
    assert "4 of 8 runs FAILED" in text
    assert "topology=ring, data.reference.rows=5000, seed=0" in text
    for what in ("95 % over seeds", "Who pays", "Runs without a result", "git commit"):
        assert what in text
    # Curves over time and bytes, dots, the spectral gap, what time went into, staleness, the load;
    # all cost the same bytes, so that there is no front.
    assert text.count("<svg") == 7
    assert is_study(folder)
    assert not is_study(tmp_path)


def test_a_search_has_its_trials(tmp_path):
    text, _ = page(tmp_path, SEARCH)
    assert "The best of 6 trials" in text
    assert "given up by the search" in text
    assert "pruned" in text


def test_agents_taken_away_have_their_influence(tmp_path):
    text, _ = page(tmp_path, REMOVE)
    assert "Influence: points of accuracy" in text
    assert "betweenness" in text


def test_the_command_takes_a_folder_and_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY)
    Path("study.yaml").write_text("name: s\nbase: tiny.yaml\n")
    assert CliRunner().invoke(app, ["sweep", "study.yaml", "-j", "1"]).exit_code == 0
    for source in ("study.yaml", "runs/s"):
        done = CliRunner().invoke(app, ["report", source])
        assert done.stdout.strip() == "runs/s/report.html"
    (run,) = Path("runs/s").glob("*/manifest.json")
    done = CliRunner().invoke(app, ["report", str(run.parent)])
    assert done.stdout.strip() == str(run.parent / "report.html")


def test_no_page_of_what_is_no_study(tmp_path):
    with pytest.raises(ResultError, match=r"table\.parquet: is missing"):
        write_study_report(tmp_path)


def test_what_the_seeds_can_tell_and_the_budget_on_the_curves(tmp_path):
    text, folder = page(tmp_path, MATRIX)
    assert "What these seeds can tell: accuracy at the end" in text
    assert "(tests: 1)" in text
    assert "seeds needed" in text
    words = [str(folder), "--at", "2 kB", "--at", "40 steps", "--against", "star"]
    done = CliRunner().invoke(app, ["report", *words])
    assert done.exit_code == 0, done.output
    text = (folder / "report.html").read_text()
    assert "accuracy at 2 kB, 40 steps" in text
    assert "The same over gradient steps" in text
    for words, what in (
        ([folder, "--at", "2"], "at: must be like"),
        ([folder, "--against", "stra"], "did you mean 'star'"),
        ([next(folder.glob("*/manifest.json")).parent, "--at", "2 kB"], "it is a run"),
    ):
        found = CliRunner().invoke(app, ["report", *map(str, words)])
        assert found.exit_code == 2
        assert what in found.stderr
