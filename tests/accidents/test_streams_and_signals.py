"""Streams that are closed or full, and runs that are stopped: a line, an exit code, a manifest."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.cli.streams import echo
from p2pkd.core.waits import is_stopped
from p2pkd.learning.backends.channel import Channel

P2PKD = f"{sys.executable} -m p2pkd"
SCENARIO = """\
name: tiny
duration: 2 min
agents: 4
topology: ring
data: {dataset: {kind: synthetic, rows: 300}, reference: {rows: 32}}
evaluate: {every: 30 s}
"""
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "s.yaml").write_text(SCENARIO)
    return tmp_path


def shell(folder, line):
    done = subprocess.run(
        ["bash", "-c", line.replace("P2PKD", P2PKD)],
        cwd=folder,
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def status(folder, name="run"):
    return json.loads((folder / name / "manifest.json").read_text())["status"]


@pytest.mark.parametrize("closed", [pytest.param("2>&-", marks=pytest.mark.long), "<&- >&- 2>&-"])
def test_closed_streams(folder, closed):
    assert shell(folder, f"P2PKD run s.yaml --dry-run --out run {closed}").returncode == 0
    assert status(folder) == "done"


def test_full_streams(folder):
    done = shell(folder, "P2PKD run s.yaml --dry-run --out run > /dev/full")
    assert done.returncode == 1
    told = done.stderr.splitlines()
    assert "run: is complete, and cannot be told of:" in told
    assert told[-1] == "stdout: cannot be written: No space left on device"
    assert status(folder) == "done"
    assert shell(folder, "P2PKD run s.yaml --dry-run --out r2 2> /dev/full").returncode == 0
    assert status(folder, "r2") == "done"


@pytest.mark.parametrize(("out", "code"), [(".", 2), ("a" * 5000, 2), ("a\x01\n", 0)])
def test_places_that_no_run_can_have(folder, out, code, monkeypatch):
    place = folder / "e"
    place.mkdir()
    monkeypatch.chdir(place)
    done = CliRunner().invoke(app, ["run", "../s.yaml", "--dry-run", "--out", out])
    assert done.exit_code == code, done.output
    assert "\x01" not in done.output
    assert place.is_dir()


def started(folder, *options):
    """Start a run that takes long, in two processes; return it when it is under way."""
    (folder / "s.yaml").write_text(SCENARIO.replace("2 min", "20 h").replace("s}", "min}"))
    command = [*P2PKD.split(), "run", "s.yaml", "--out", "run", *options]
    run = subprocess.Popen(
        command, cwd=folder, env=ENV, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and not list(folder.glob(".run.partial-*/messages.parquet")):
        time.sleep(0.1)
    time.sleep(1)
    return run


@pytest.mark.parametrize(("number", "processes"), [(signal.SIGTERM, 2), (signal.SIGHUP, 1)])
def test_signals_end_a_run_with_its_manifest(folder, number, processes):
    run = started(folder, "--set", f"execution.processes={processes}")
    run.send_signal(number)
    _, told = run.communicate(timeout=60)
    assert run.returncode == 128 + number
    assert "Traceback" not in told
    assert "what was recorded is in run" in told
    assert status(folder) == "interrupted"


def children(pid):
    """Return the processes that *pid* has forked."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells who is stopped")
def test_a_learner_that_is_held_is_named_and_does_not_hold_ctrl_c(folder):
    run = started(folder, "--set", "execution.processes=2")
    (learner,) = children(run.pid)
    os.kill(learner, signal.SIGSTOP)
    time.sleep(0.1)
    assert is_stopped(learner)
    told = ""
    while "waits for" not in told:
        told = run.stderr.readline()
        assert told
    assert f"waits for the process that learns, which is stopped (kill -CONT {learner} lets" in told
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=30)
    assert run.returncode == 130
    assert status(folder) == "interrupted"
    assert not Path(f"/proc/{learner}").exists()


def test_nothing_that_a_terminal_obeys_is_printed(capsys):
    echo("\x1b]0;title\x07[bold]\u202e\ud800ä")
    assert capsys.readouterr().out == "\\x1b]0;title\\x07[bold]\\u202e\\ud800ä\n"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells who is stopped")
def test_one_ctrl_c_is_enough_even_before_anybody_waits(folder):
    """It may come while the event loop runs; what is then closed asks the learner once more."""
    run = started(folder, "--set", "execution.processes=2")
    (learner,) = children(run.pid)
    os.kill(learner, signal.SIGSTOP)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=60)
    assert run.returncode == 130
    assert status(folder) == "interrupted"
    assert not Path(f"/proc/{learner}").exists()


def test_whoever_hurries_does_not_wait_for_a_process_that_is_stopped():
    class Held:
        pid, killed = None, False

        def kill(self):
            self.killed = True

    here, _there = multiprocessing.Pipe()
    process = Held()
    channel = Channel(here, [], multiprocessing.RawValue("b", 0), process)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("p2pkd.learning.backends.channel.is_stopped", lambda pid: True)
        channel._tell()
        assert not process.killed
        channel.hurry()
        channel._tell()
    assert process.killed
