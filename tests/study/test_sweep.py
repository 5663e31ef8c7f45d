"""A sweep ends in one table, whatever happens on the way."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.core.errors import InputError
from p2pkd.study.executors import InProcess, executor
from p2pkd.study.load import load_study
from p2pkd.study.plan import plan_of
from p2pkd.study.start import sweep_of
from p2pkd.study.task import Outcome, Task, clear, run_task

P2PKD = (sys.executable, "-c", "from p2pkd.cli import app; app()")
FOUR = """
name: four
base: tiny.yaml
matrix: {topology: [ring, star]}
seeds: 0..1
"""


def assert_same(one, other):
    """Compare tables but for the program's commit: somebody may be committing meanwhile."""
    pd.testing.assert_frame_equal(
        one.drop(columns="git_commit"), other.drop(columns="git_commit"), check_dtype=False
    )


def test_a_row_a_run_with_the_swept_keys_and_the_summary(study_file, tmp_path):
    sweep = sweep_of(load_study(study_file(FOUR)), tmp_path / "runs")
    heard = []
    table = sweep.run(InProcess(), told=heard.append)
    assert [outcome.status for outcome in heard] == ["done"] * 4
    columns = list(table.columns)
    assert columns[:5] == ["topology", "seed", "run", "status", "error"]
    assert list(table["topology"]) == ["ring", "ring", "star", "star"]
    assert list(table["seed"]) == [0, 1, 0, 1]
    for _, row in table.iterrows():
        manifest = json.loads((sweep.folder / row["run"] / "manifest.json").read_text())
        assert row["fingerprint"] == manifest["summary"]["fingerprint"]
        assert row["final_accuracy_mean"] == manifest["summary"]["final_accuracy_mean"]
    assert not {"wall_s", "started_utc"} & set(columns)
    assert columns[-2:] == ["version", "git_commit"]
    written = pd.read_parquet(sweep.folder / "table.parquet")
    pd.testing.assert_frame_equal(written, table, check_dtype=False)
    assert len(pd.read_csv(sweep.folder / "table.csv")) == 4


def test_a_folder_with_runs_wants_resume_and_then_runs_only_what_is_left(study_file, tmp_path):
    sweep = sweep_of(load_study(study_file(FOUR)), tmp_path / "runs")
    first = sweep.run(InProcess())
    with pytest.raises(InputError, match="has 4 of these 4 runs already; continue with --resume"):
        sweep.run(InProcess())
    os.rename(sweep.folder / sweep.keys[2], tmp_path / "away")
    heard = []
    again = sweep.run(InProcess(), resume=True, told=heard.append)
    assert [outcome.key for outcome in heard] == [sweep.keys[2]]
    assert_same(first, again)


def test_a_failed_run_is_a_row_with_its_error_and_the_others_go_on(study_file, tmp_path):
    study = load_study(
        study_file("""
        name: s
        base: tiny.yaml
        matrix:
          data.reference.rows: [64, 5000]
        seeds: 0..1
        """)
    )
    sweep = sweep_of(study, tmp_path / "runs")
    table = sweep.run(InProcess())
    assert list(table["status"]) == ["done", "done", "failed", "failed"]
    assert table["error"][0] == ""
    assert "5000" in table["error"][2]
    assert table["final_accuracy_mean"].isna().tolist() == [False, False, True, True]
    assert sweep_of(study, tmp_path / "runs").table().equals(table)


def test_the_command_tells_what_failed_and_exits_with_1(study_file, tmp_path):
    path = study_file("name: s\nbase: tiny.yaml\nmatrix: {data.reference.rows: [64, 5000]}\n")
    command = ["sweep", str(path), "--jobs", "1", "--out", str(tmp_path / "runs")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1, done.stderr
    assert "1 of 2 done" in done.stdout
    assert "failed: data.reference.rows=5000, seed=0: " in done.stderr


def test_a_bug_or_a_crash_in_a_run_is_an_outcome_too(tmp_path):
    broken = Task("k", "duration: 1 min\nagents: [", ".", str(tmp_path / "k"), str(tmp_path / "b"))
    outcome = run_task(broken)
    assert outcome.status == "failed"
    assert outcome.error.startswith("ParserError: ")


def test_what_a_killed_attempt_left_is_cleared_unless_its_process_lives(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = [tmp_path / f".k.partial-{pid}" for pid in (dead.pid, os.getpid(), os.getppid())]
    for folder in [*left, tmp_path / "k"]:
        folder.mkdir()
    clear(tmp_path / "k")
    assert [folder.exists() for folder in left] == [False, False, True]
    assert not (tmp_path / "k").exists()


def test_only_one_sweep_works_in_a_folder(study_file, tmp_path):
    sweep = sweep_of(load_study(study_file(FOUR)), tmp_path / "runs")

    class Second:
        def outcomes(self, tasks):
            with pytest.raises(InputError, match="another sweep is at work"):
                sweep_of(sweep.study, sweep.folder).run(InProcess())
            yield from (Outcome(task.key, "failed", "not tried") for task in tasks)

    assert set(sweep.run(Second())["error"]) == {"not tried"}


def test_the_plan_counts_and_estimates(study_file, tmp_path):
    sweep = sweep_of(load_study(study_file(FOUR)), tmp_path / "runs")
    plan = plan_of(sweep, samples=2)
    assert (plan.runs, plan.settings, plan.seeds, plan.left, plan.simulated_s) == (4, 2, 2, 4, 240)
    assert plan.estimate is not None
    assert plan.estimate.runs == 2
    table = sweep.run(InProcess())
    # Seeds shift messages in flight at the end, not many more.
    assert plan.estimate.wire_bytes == pytest.approx(table["wire_bytes"].mean(), rel=0.2)
    assert plan_of(sweep).left == 0


def test_unknown_engines_are_refused():
    with pytest.raises(InputError, match="did you mean 'local'"):
        executor("locl")


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, pytest.param(3, marks=pytest.mark.long)])
def test_killed_and_resumed_the_table_is_that_of_an_undisturbed_sweep(study_file, tmp_path, kills):
    path = study_file(FOUR.replace("0..1", "0..3") if kills > 1 else FOUR)
    study = load_study(path)
    undisturbed = sweep_of(study, tmp_path / "undisturbed").run(InProcess())
    folder = tmp_path / "killed"
    command = [*P2PKD, "sweep", str(path), "--jobs", "2"]
    command += ["--resume", "--out", str(folder)]
    done = []
    moments = [random.uniform(0, 1) for _ in range(kills)]
    for moment in moments:
        # Kill where it hurts: some time after one more run than before has ended.
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 300
        while len(sweep_of(study, folder).complete()) <= len(done) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(moment)
        process.kill()
        process.wait()
        done = sorted(sweep_of(study, folder).complete())
    assert done
    subprocess.run(command, capture_output=True, check=True)
    resumed = pd.read_parquet(folder / "table.parquet")
    assert_same(resumed, undisturbed)
    assert not list(Path(folder).glob(".*.partial-*")), f"killed {moments} s after a run's end"
