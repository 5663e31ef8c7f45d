"""Run directories that were edited, cut, mixed or emptied: each a refusal, by file and fault."""

import json
import os
import re
import shutil

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.core.seal import sealed
from p2pkd.run import simulate

SCENARIO = {
    "name": "tiny",
    "duration": "2 min",
    "agents": 4,
    "topology": "ring",
    "data": {"dataset": {"kind": "synthetic", "rows": 300}, "reference": {"rows": 32}},
    "evaluate": {"every": "30 s"},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return two finished runs, of seeds 0 and 1."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in (0, 1):
        simulate(SCENARIO, seed=seed, out=folder / f"run{seed}")
    return folder


@pytest.fixture
def run(finished, tmp_path):
    """Return a copy of the first run, to do as one likes with."""
    return shutil.copytree(finished / "run0", tmp_path / "run")


def manifest(change):
    def edit(run, other):
        file = run / "manifest.json"
        new = change(json.loads(file.read_text()))
        file.write_text(new if isinstance(new, str) else json.dumps(new))

    return edit


def update(**keys):
    return manifest(lambda old: {**old, **keys})


def summary(**keys):
    return manifest(lambda old: {**old, "summary": {**old["summary"], **keys}})


def write(name, data):
    return lambda run, other: (run / name).write_bytes(data)


def flipped(run, other):
    file = run / "messages.parquet"
    data = bytearray(file.read_bytes())
    data[100:160] = bytes(byte ^ 255 for byte in data[100:160])
    file.write_bytes(data)


def taken(name):
    return lambda run, other: shutil.copy(other / name, run / name)


def folder_instead(name):
    def edit(run, other):
        (run / name).unlink()
        (run / name).mkdir()

    return edit


def link_to_itself(run, other):
    (run / "manifest.json").unlink()
    os.symlink("manifest.json", run / "manifest.json")


def pipe_instead(run, other):
    (run / "manifest.json").unlink()
    os.mkfifo(run / "manifest.json")


TAMPERED = {
    "a list": manifest(lambda old: "[1]"),
    "deep": manifest(lambda old: "[" * 100_000),
    "a long number": manifest(lambda old: '{"summary": ' + "9" * 5000 + "}"),
    "not UTF-8": write("manifest.json", b"\xff"),
    "nothing": write("manifest.json", b""),
    "no summary": manifest(lambda old: {k: v for k, v in old.items() if k != "summary"}),
    "just done": manifest(lambda old: '{"status": "done", "summary": {}}'),
    "no seal": manifest(lambda old: {k: v for k, v in old.items() if k != "seal"}),
    "summary null": update(summary=None),
    "name a list": update(name=["x"]),
    "groups text": update(groups="x"),
    "versions null": update(versions=None),
    "files null": update(files=None),
    "files text": update(files={"messages.parquet": "x"}),
    "dry": update(dry_run=True),
    "accuracy text": summary(final_accuracy_mean="x"),
    "accuracy better": summary(final_accuracy_mean=0.99),
    "bytes negative": summary(wire_bytes=-1),
    "agents huge": summary(agents=10**30),
    "messages garbage": write("messages.parquet", b"garbage"),
    "messages emptied": write("messages.parquet", b""),
    "messages flipped": flipped,
    "messages of another": taken("messages.parquet"),
    "agents of another": taken("agents.parquet"),
    "manifest of another": taken("manifest.json"),
    "messages a folder": folder_instead("messages.parquet"),
    "topology list": write("topology.json", b"[]"),
    "topology gone": lambda run, other: (run / "topology.json").unlink(),
    "resolved garbage": write("resolved.yaml", b"{"),
    "scenario bytes": write("scenario.yaml", b"\x00" * 10),
    "scenario gone": lambda run, other: (run / "scenario.yaml").unlink(),
    "manifest loop": link_to_itself,
    "manifest a pipe": pipe_instead,
}
COMMANDS = (
    ["report", "RUN"],
    ["cost", "RUN"],
    ["trace", "RUN"],
    ["export", "RUN"],
    ["export", "RUN", "--table", "curves"],
    ["compare", "RUN", "RUN", "--out", "OUT"],
)


@pytest.mark.parametrize("what", TAMPERED)
def test_edited_runs_are_refused_by_name(run, finished, tmp_path, what):
    TAMPERED[what](run, finished / "run1")
    told = set()
    for command in COMMANDS:
        where = {"RUN": str(run), "OUT": str(tmp_path / "c.html")}
        done = CliRunner().invoke(app, [where.get(word, word) for word in command])
        assert done.exception is None or isinstance(done.exception, SystemExit), command
        assert done.exit_code in (0, 2)
        # A file that a command does not need, with the right size, may be anything to it.
        if done.exit_code == 2:
            told.add(done.stderr.strip())
        else:
            # Of the right size: found out by who reads it.
            assert what in ("messages flipped", "messages of another", "agents of another")
    assert told
    for text in told:
        assert re.match(rf"{re.escape(str(run))}/?[\w.]*:", text)
        assert len(text.splitlines()) == 1


def test_a_file_of_the_right_size_is_found_out_when_it_is_read(run):
    from p2pkd.analysis.result import Result
    from p2pkd.core.errors import ResultError

    flipped(run, None)
    result = Result.from_dir(run)
    assert len(result.agents) == 4
    with pytest.raises(ResultError, match=r"messages\.parquet: has the right size and other"):
        _ = result.messages


def test_a_report_replaces_links_and_says_what_is_in_its_way(run, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    os.symlink(victim, run / "report.html")
    assert CliRunner().invoke(app, ["report", str(run)]).exit_code == 0
    assert victim.read_text() == "mine"
    (run / "report.html").unlink()
    (run / "report.html").mkdir()
    done = CliRunner().invoke(app, ["report", str(run)])
    assert done.exit_code == 2
    assert "report.html: cannot be written: Is a directory" in done.output


def test_a_run_of_an_older_version_is_read_and_says_so(run):
    from p2pkd.analysis.result import Result

    old = json.loads((run / "manifest.json").read_text())
    old = {key: value for key, value in old.items() if key not in ("files", "seal")}
    (run / "manifest.json").write_text(json.dumps({**old, "format": 1}))
    result = Result.from_dir(run)
    assert len(result.messages)
    assert any(note.startswith("Of an older version") for note in result.notes)
    (run / "manifest.json").write_text(json.dumps(sealed({**old, "format": 2})))
    done = CliRunner().invoke(app, ["cost", str(run)])
    assert done.exit_code == 2
