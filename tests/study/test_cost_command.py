"""`p2pkd cost` and `p2pkd sweep` as users type them."""

import pytest
from typer.testing import CliRunner

from p2pkd.analysis.measures.compare import labels
from p2pkd.cli import app
from p2pkd.run import simulate


@pytest.fixture
def runs(study_file, tmp_path):
    study_file("name: s\nbase: tiny.yaml\n")
    for seed in (0, 1):
        simulate(tmp_path / "tiny.yaml", seed=seed, out=tmp_path / f"run-{seed}")
    return [str(tmp_path / f"run-{seed}") for seed in (0, 1)]


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_cost_of_several_runs_and_of_one(runs):
    several = invoke("cost", *runs, "--target", 5, "--budget", "10 kB")
    assert several.exit_code == 0, several.output
    head, *rows = several.stdout.splitlines()
    assert head.split()[:3] == ["run", "score", "accuracy"]
    assert "bytes_to_target" in head
    assert len(rows) == 2
    assert any("*" in row for row in rows)
    one = invoke("cost", runs[0]).stdout
    assert "Bytes on the wire, by what they were" in one
    assert "soft_labels" in one
    assert "Who paid" in one


def test_cost_exports(runs):
    csv = invoke("cost", *runs, "--csv").stdout.splitlines()
    assert csv[0].startswith("run,score,accuracy,wire_bytes")
    assert len(csv) == 3
    assert invoke("cost", *runs, "--latex").stdout.startswith("\\begin{tabular}{lr")


def test_cost_refuses_a_budget_without_a_unit(runs):
    found = invoke("cost", runs[0], "--budget", "10")
    assert found.exit_code == 2
    assert "--budget" in found.stderr
    assert "has no unit" in found.stderr


def test_the_plan_and_the_status_of_a_sweep(study_file, tmp_path):
    path = study_file("name: s\nbase: tiny.yaml\nseeds: 0..1\n")
    plan = invoke("sweep", path, "--dry-run", "--out", tmp_path / "runs").stdout
    assert "2 runs (1 settings, 2 seeds)" in plan
    assert "Simulated time" in plan
    assert "runs without learning" in plan
    assert not (tmp_path / "runs").exists()
    done = invoke("sweep", path, "--jobs", 1, "--out", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    status = invoke("sweep", path, "--status", "--out", tmp_path / "runs").stdout
    assert "2 of 2" in status
    again = invoke("sweep", path, "--jobs", 1, "--out", tmp_path / "runs")
    assert again.exit_code == 2
    assert "--resume" in again.stderr


def test_seeds_that_may_have_been_meant_as_a_count_are_remarked_on(study_file, tmp_path):
    told = {}
    for seeds in ("5", "0", "[5]", "0..4"):
        path = study_file(f"name: s\nbase: tiny.yaml\nseeds: {seeds}\n")
        told[seeds] = invoke("sweep", path, "--status", "--out", tmp_path / "runs").stderr
    said = f"{path}: seeds: 5 is seed 5 alone; 5 seeds are 0..4\n"
    assert told == {"5": said, "0": "", "[5]": "", "0..4": ""}
    tuned = "tune: {space: {method.learn.lr: [0.1, 1]}, seeds: 7}\nseeds: 0"
    path = study_file(f"name: s\nbase: tiny.yaml\n{tuned}\n")
    found = invoke("sweep", path, "--status", "--out", tmp_path / "runs").stderr
    assert found == f"{path}: tune.seeds: 7 is seed 7 alone; 7 seeds are 0..6\n"


def test_a_bad_key_in_a_study_is_told_before_anything_runs(study_file, tmp_path):
    path = study_file("name: s\nbase: tiny.yaml\nmatrix: {method.learn.lrr: [1]}\n")
    found = invoke("sweep", path, "--out", tmp_path / "runs")
    assert found.exit_code == 2
    assert f"{path}:3:23  method.learn.lrr: unknown key; did you mean 'lr'?" in found.stderr
    assert not (tmp_path / "runs").exists()


def test_what_a_shell_makes_of_a_study_is_its_runs_by_name(study_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = study_file(
        "name: s\nbase: tiny.yaml\nvariants: {few: {method.send.rows: 8}, many: {agents: 5}}\n"
        "matrix: {links.loss: [0 %, 10 %]}\nseeds: 3..4\n"
    )
    swept = invoke("sweep", path, "--jobs", 1, "--out", "runs")
    assert swept.exit_code == 0, swept.output
    everything = sorted((tmp_path / "runs").glob("*"))
    for words in (["cost"], ["compare", "--out", "page.html", "--csv"], ["export"]):
        found = invoke(*words, *everything)
        assert found.exit_code == 0, found.output
        assert "errors.json, study.yaml, table.csv" in found.stderr
    named = invoke("cost", *everything, "--csv").stdout
    names = [f"{v}, {loss}, seed {n}"
             for v in ("few", "many") for loss in ("0 %", "10 %") for n in (3, 4)]  # fmt: skip
    assert sorted(line.split('"')[1] for line in named.splitlines()[1:]) == sorted(names)


def test_runs_of_no_study_are_named_by_what_differs(study_file, tmp_path):
    study_file("name: s\nbase: tiny.yaml\n")
    runs = [
        simulate(tmp_path / "tiny.yaml", overrides=[f"method.send.rows={rows}"], out=tmp_path / f)
        for rows, f in ((8, "a"), (16, "b"))
    ]
    assert labels(runs) == ["rows 8, seed 0", "rows 16, seed 0"]
