"""What may lie in a sweep's folder: only runs that are whole, and the study's own, are done."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from p2pkd.core.errors import InputError
from p2pkd.core.seal import sealed
from p2pkd.record.directory import LOCK, RunDirectory, clear_partial
from p2pkd.study.executors import InProcess
from p2pkd.study.load import load_study
from p2pkd.study.start import sweep_of

BASE = """
name: tiny
duration: 1 min
agents: 4
topology: ring
data: {dataset: {kind: synthetic, rows: 300}, reference: {rows: 32}}
evaluate: {every: 30 s}
"""
STUDY = "name: s\nbase: base.yaml\nmatrix: {agents: [3, 4]}\nseeds: 0..0\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a folder with a study and its finished runs in ``ref``."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "base.yaml").write_text(BASE)
    (folder / "study.yaml").write_text(STUDY)
    sweep_of(load_study(folder / "study.yaml"), folder / "ref").run(InProcess())
    return folder


@pytest.fixture
def sweep(finished, tmp_path):
    """Return the sweep, in a copy of its folder."""
    folder = shutil.copytree(finished / "ref", tmp_path / "sweep")
    return sweep_of(load_study(finished / "study.yaml"), folder)


def again(sweep):
    """Go on with a sweep; return which runs it ran."""
    heard = []
    table = sweep_of(sweep.study, sweep.folder).run(InProcess(), resume=True, told=heard.append)
    assert list(table["status"]) == ["done", "done"]
    assert not sweep_of(sweep.study, sweep.folder).faults(thorough=True)
    return [outcome.key for outcome in heard]


def edit(run, change):
    file = run / "manifest.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))


def dry(run, other):
    # With a seal of its own, as a dry run's manifest has.
    edit(run, lambda old: sealed({**old, "dry_run": True}))


def flipped(run, other):
    file = run / "messages.parquet"
    data = bytearray(file.read_bytes())
    data[100:130] = bytes(30)
    file.write_bytes(data)


def link_to_itself(run, other):
    shutil.rmtree(run)
    os.symlink(run.name, run)


BROKEN = {
    "messages emptied": (lambda run, other: (run / "messages.parquet").write_bytes(b""), "0 bytes"),
    "messages gone": (lambda run, other: (run / "messages.parquet").unlink(), "is missing"),
    "messages flipped": (flipped, "right size"),
    "manifest of another": (
        lambda run, other: shutil.copy(other / "manifest.json", run / "manifest.json"),
        "has ",
    ),
    "run of another": (
        lambda run, other: (shutil.rmtree(run), shutil.copytree(other, run)),
        "is of another run, whose hash is",
    ),
    "manifest of a dry run": (dry, "is of a dry run"),
    "manifest a list": (lambda run, other: (run / "manifest.json").write_text("[1]"), "is broken"),
    "no summary": (
        lambda run, other: (run / "manifest.json").write_text('{"status": "done"}'),
        "is broken",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_not_whole_is_not_done(sweep, what):
    change, told = BROKEN[what]
    first, second = sweep.keys
    change(sweep.folder / first, sweep.folder / second)
    faults = sweep.faults(thorough=True)
    assert list(faults) == [sweep.folder / first]
    assert told in faults[sweep.folder / first]
    if what != "messages flipped":
        assert sweep.complete() == {second}
        assert list(sweep.table()["status"]) == ["pending", "done"]
        assert told in sweep.table()["error"][0]
    with pytest.raises(InputError, match="has 2 of these 2 runs already"):
        sweep.run(InProcess())
    assert again(sweep) == [first]


def test_links_are_taken_away_and_what_they_lead_to_stays(sweep, tmp_path):
    first = sweep.folder / sweep.keys[0]
    link_to_itself(first, None)
    assert again(sweep) == [sweep.keys[0]]
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "keep").write_text("x")
    shutil.rmtree(first)
    os.symlink(tmp_path / "victim", first)
    assert again(sweep) == [sweep.keys[0]]
    assert (tmp_path / "victim" / "keep").read_text() == "x"


@pytest.mark.parametrize("name", [".x.partial-abc", ".x.partial-0", ".x.partial--1", ".x.partial-"])
def test_partial_directories_with_odd_names_are_cleared(sweep, name):
    for odd in (name, f".x.partial-{'9' * 30}"):
        (sweep.folder / odd).mkdir()
    assert again(sweep) == []
    assert not list(sweep.folder.glob(".x.partial*"))


@pytest.mark.parametrize("name", ["errors.json", "study.yaml", "table.csv", ".lock"])
def test_folders_where_files_belong_are_named(sweep, name):
    (sweep.folder / name).unlink()
    (sweep.folder / name).mkdir()
    from p2pkd.core.errors import P2pkdError

    with pytest.raises(P2pkdError, match=name.replace(".", r"\.")):
        sweep.run(InProcess(), resume=True)


def test_errors_of_any_shape_are_no_traceback(sweep):
    (sweep.folder / "errors.json").write_text("[1]")
    assert sweep_of(sweep.study, sweep.folder).errors == {}
    assert again(sweep) == []


def test_a_dead_runs_directory_of_the_same_process_number_blocks_nobody(tmp_path):
    texts = {"scenario_text": "", "resolved_text": ""}
    left = tmp_path / f".x.partial-{os.getpid()}"
    left.mkdir()
    with RunDirectory.create(tmp_path / "x", **texts) as run:
        assert run.partial != left
        assert (run.partial / LOCK).exists()
        clear_partial(tmp_path)
        assert run.partial.exists()  # it is being written
        assert not left.exists()
    assert not (tmp_path / "x" / LOCK).exists()


def test_a_live_process_of_a_dead_runs_number_does_not_keep_its_directory(tmp_path):
    code = (
        "import os, sys\nfrom p2pkd.record.directory import RunDirectory\n"
        "RunDirectory.create(sys.argv[1], scenario_text='', resolved_text='')\nos._exit(1)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "x")], check=False)
    (left,) = tmp_path.glob(".x.partial-*")
    left.rename(tmp_path / f".x.partial-{os.getppid()}")
    clear_partial(tmp_path)
    assert not list(tmp_path.iterdir())
