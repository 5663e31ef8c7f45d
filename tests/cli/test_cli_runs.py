"""Running a small scenario from the command line, and what can be done with the run."""

import json

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app, execute
from p2pkd.cli.progress import Progress

SCENARIO = """
name: small
duration: 2 min
agents: 4
topology: ring
data: {dataset: {kind: synthetic, rows: 200, features: 4, classes: 3}, reference: {rows: 20}}
method: {send: {rows: 10}, learn: {objective: response, local_steps: 1, distill_steps: 1}}
"""


def invoke(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "small.yaml").write_text(SCENARIO)
    result = invoke("run", folder / "small.yaml", "--out", folder / "a", "--seed", 3)
    assert result.exit_code == 0, result.stderr
    (folder / "stdout").write_text(result.stdout)
    return folder


@pytest.fixture(autouse=True)
def inside(folder, monkeypatch):
    monkeypatch.chdir(folder)


def manifest(path):
    return json.loads((path / "manifest.json").read_text())


def test_run_ends_with_a_table_and_the_reports_path(folder):
    lines = (folder / "stdout").read_text().splitlines()
    assert lines[0].startswith("Mean over agents, test accuracy")
    fingerprint = manifest(folder / "a")["summary"]["fingerprint"]
    assert ["Fingerprint", fingerprint] in [line.split() for line in lines]
    assert lines[-1].split() == ["Report", str(folder / "a" / "report.html")]
    assert (folder / "a" / "report.html").exists()


def test_json_is_the_summary(folder):
    result = invoke("run", "small.yaml", "--out", "b", "--seed", 3, "--json", "--no-report")
    summary = json.loads(result.stdout)
    assert summary.pop("directory") == str(folder / "b")
    assert summary == manifest(folder / "b")["summary"]
    assert summary["fingerprint"] == manifest(folder / "a")["summary"]["fingerprint"]


def test_shown_scenario_runs_to_the_same_fingerprint(folder):
    (folder / "full.yaml").write_text(invoke("show", "small.yaml", "--seed", 3).stdout)
    result = invoke("run", "full.yaml", "--out", "c", "--json", "--no-report")
    wanted = manifest(folder / "a")["summary"]["fingerprint"]
    assert json.loads(result.stdout)["fingerprint"] == wanted


def test_dry_run_says_that_nothing_was_learned(folder):
    result = invoke("run", "small.yaml", "--out", "dry", "--dry-run", "--no-report")
    assert "dry run" in result.stderr
    assert "Mean over agents, test accuracy  –" in result.stdout


def test_run_that_never_distilled_says_so_loudly(folder):
    late = "method.teachers.warm_up=1 h"
    result = invoke("run", "small.yaml", "--out", "late", "--no-report", "--set", late)
    assert "WARNING: THIS RUN NEVER DISTILLED" in result.stderr
    assert "Look at gossip.every, teachers.warm_up" in result.stderr


def test_control_that_never_distils_says_so_calmly(folder):
    alone = ["--set", "method.gossip.protocol=none", "--set", "method.learn={objective: local}"]
    result = invoke("run", "small.yaml", "--out", "alone", "--no-report", *alone)
    assert "A control: by design, no agent learned anything" in result.stderr
    assert "WARNING" not in result.stderr


def test_interrupted_run_is_kept(folder, monkeypatch):
    class Impatient(Progress):
        def population(self, record):
            raise KeyboardInterrupt

    monkeypatch.setattr(execute, "Progress", Impatient)
    result = invoke("run", "small.yaml", "--out", "stopped")
    assert result.exit_code == 130
    assert "; what was recorded is in stopped" in result.stderr
    assert manifest(folder / "stopped")["status"] == "interrupted"


def test_report_and_trace(folder):
    (folder / "a" / "report.html").unlink()
    assert invoke("report", "a").stdout == "a/report.html\n"
    assert (folder / "a" / "report.html").exists()
    assert invoke("trace", "a").stdout == "a/trace.json\n"
    assert json.loads((folder / "a" / "trace.json").read_text())["traceEvents"]
    assert invoke("trace", "a", "--out", "t.json").stdout == "t.json\n"


def test_compare_runs_what_has_not_run(folder):
    first = invoke("compare", "a", "small.yaml", "--out", "x.html")
    assert first.stderr.splitlines() == ["small.yaml: runs", "page: x.html"]
    second = invoke("compare", "a", "small.yaml", "--out", "x.html")
    assert second.stderr.startswith("small.yaml: has run, runs/small/")
    assert second.stdout == first.stdout
    assert [line.split()[0] for line in first.stdout.splitlines()] == ["run", "small,", "small,"]
    assert (folder / "x.html").exists()


def test_compare_as_csv(folder):
    lines = invoke("compare", "a", "--csv", "--out", "x.html").stdout.splitlines()
    assert lines[0].startswith("run,status,seed,score,accuracy")
    assert lines[1].startswith("small,done,3,")


@pytest.mark.parametrize("command", ["report", "trace", "compare"])
def test_what_is_no_run_is_refused(command, folder):
    (folder / "empty").mkdir(exist_ok=True)
    for path in ("empty", "nope"):
        result = invoke(command, path)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"{path}: ")
