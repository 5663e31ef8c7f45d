"""`p2pkd export` and `p2pkd cost --estimate` as users type them."""

import io
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.result import Result
from p2pkd.cli import app

STUDY = """
name: s
base: tiny.yaml
search: {kind: grid, space: {topology: [ring, star]}}
seeds: 0..1
"""


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def table(*words):
    done = invoke("export", *words)
    assert done.exit_code == 0, done.output
    return pd.read_csv(io.StringIO(done.stdout))


def test_tables_as_csv(folder, tmp_path):
    runs = table(folder)
    assert len(runs) == 4
    assert list(runs.columns[:3]) == ["trial", "topology", "seed"]
    assert list(runs.columns[-2:]) == ["version", "git_commit"]
    assert set(runs["version"]) == {"0.1.0"}
    groups = table(folder, "--table", "groups", "--metric", "wire_bytes")
    assert list(groups.columns) == ["trial", "topology", "mean", "std", "n", "low", "high"]
    assert groups["mean"].tolist() == runs.groupby("trial")["wire_bytes"].mean().tolist()
    trials = table(folder, "--table", "trials")
    assert trials["runs"].tolist() == [2, 2]
    curves = table(folder, "--table", "curves")
    first = curves[curves["run"] == curves["run"][0]]
    wanted = costs_over_time(Result.from_dir(folder / curves["run"][0]))
    assert first["wire_bytes"].tolist() == wanted["wire_bytes"].tolist()
    resources = table(folder, "--table", "resources")
    assert len(resources) == 16
    assert {"idle", "waiting", "uplink", "online", "stale_50"} <= set(resources.columns)
    links = table(folder, "--table", "links")
    assert links["wire_bytes"].sum() == runs["wire_bytes"].sum()
    out = tmp_path / "runs.csv"
    assert invoke("export", folder, "--out", out).stdout == ""
    assert len(pd.read_csv(out)) == 4


def test_latex(folder):
    text = invoke("export", folder, "--table", "groups", "--to", "latex").stdout
    assert text.startswith("\\begin{tabular}{lrrrr}")
    assert "ring" in text
    assert "\\pm" in text


def test_runs_of_no_study_are_a_set_too(folder):
    some = sorted(path.parent for path in folder.glob("*/manifest.json"))[:2]
    assert len(table(*some)) == 2


def test_tensorboard_reads_what_is_written(folder, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = Result.from_dir(next(folder.glob("*/manifest.json")).parent)
    done = invoke("export", run.path, "--to", "tensorboard", "--out", tmp_path / "logs")
    assert done.exit_code == 0, done.output
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    read = events.Tensors("population/accuracy_mean")
    assert [event.step for event in read] == [0, 30, 60]
    values = [event.tensor_proto.float_val[0] for event in read]
    assert values == pytest.approx(run.population["accuracy_mean"].tolist())
    assert [event.wall_time for event in read] == [0, 30, 60]
    steps = [event.step for event in events.Tensors("over_bytes/accuracy_mean")]
    assert steps[-1] == costs_over_time(run)["wire_bytes"].iloc[-1]
    assert "accuracy_by_device/laptop" in events.Tags()["tensors"]
    invoke("export", folder, "--to", "tensorboard", "--out", tmp_path / "all")
    assert len(list((tmp_path / "all").iterdir())) == 4


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--to", "cvs"], "did you mean 'csv'"),
        (["--table", "run"], "did you mean 'runs'"),
        (["--to", "tensorboard"], "give --out DIR"),
        (["--table", "influence"], "give the study 'remove"),
        (["--table", "groups", "--metric", "wire"], "no column 'wire'"),
    ],
)
def test_wrong_words_are_told(folder, words, what):
    found = invoke("export", folder, *words)
    assert found.exit_code == 2
    assert what in found.stderr


def test_tensorboard_is_asked_for_by_name_when_it_is_missing(folder, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboard.summary", None)
    found = invoke("export", folder, "--to", "tensorboard", "--out", tmp_path)
    assert found.exit_code == 2
    assert "pip install 'p2pkd[tensorboard]'" in found.stderr


def test_an_estimate_beside_what_came_out(folder):
    run = next(folder.glob("*/manifest.json")).parent
    text = invoke("cost", run, "--estimate").stdout
    assert text.splitlines()[0].split() == ["run", "number", "estimated", "actual", "difference"]
    assert "wire_bytes" in text
    csv = pd.read_csv(io.StringIO(invoke("cost", run, "--estimate", "--csv").stdout))
    assert (csv["difference"] == 0).all()
    assert set(csv["number"]) >= {"wire_bytes", "energy_j", "simulated_s", "distill_steps"}
