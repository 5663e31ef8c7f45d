import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from p2pkd.core.errors import InputError, Interrupted
from p2pkd.core.records import PresenceRecord
from p2pkd.record.directory import RunDirectory, default_path
from p2pkd.record.manifest import to_json

TEXTS = {"scenario_text": "name: x\n", "resolved_text": "name: x\nseed: 0\n"}


def manifest(path: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((path / "manifest.json").read_text())
    return loaded


def test_a_finished_run_has_everything_under_its_final_name(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "x"
    with RunDirectory.create(path, **TEXTS, extra={"name": "x", "seed": 3}) as run:
        run.recorder.presence(PresenceRecord(1.0, 0, True, "start"))
        run.write_json("topology.json", {"nodes": ["a"], "edges": []})
        assert not path.exists()
        run.finish("done", {"summary": {"note": 1}})
    assert sorted(p.name for p in path.iterdir()) == sorted(
        [
            *("agents.parquet", "compute.parquet", "evaluations.parquet", "manifest.json"),
            *("messages.parquet", "population.parquet", "presence.parquet"),
            *("resolved.yaml", "scenario.yaml", "topology.json"),
        ]
    )
    read = manifest(path)
    assert read["status"] == "done"
    assert (read["name"], read["seed"]) == ("x", 3)
    summary = read["summary"]
    assert isinstance(summary, dict)
    assert summary["note"] == 1
    assert summary["final_accuracy_mean"] is None
    assert [p.name for p in path.parent.iterdir()] == ["x"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(KeyboardInterrupt(), "interrupted"), (Interrupted("stop"), "interrupted")],
)
def test_an_interrupted_run_keeps_what_it_recorded(
    tmp_path: Path, error: BaseException, status: str
) -> None:
    path = tmp_path / "x"

    def run_until_stopped() -> None:
        with RunDirectory.create(path, **TEXTS) as run:
            run.recorder.presence(PresenceRecord(1.0, 0, True, "start"))
            raise error

    with pytest.raises(type(error)):
        run_until_stopped()
    assert manifest(path)["status"] == status
    assert pq.read_table(path / "presence.parquet").num_rows == 1


def test_a_failed_run_says_why(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), RunDirectory.create(tmp_path / "x", **TEXTS):
        _ = 1 / 0
    read = manifest(tmp_path / "x")
    assert (read["status"], read["error"]) == ("failed", "ZeroDivisionError: division by zero")


def test_a_killed_run_never_looks_complete(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from p2pkd.record.directory import RunDirectory\n"
        "run = RunDirectory.create(sys.argv[1], scenario_text='', resolved_text='')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "x"
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    (partial,) = tmp_path.iterdir()
    assert partial.name.startswith(".x.partial-")
    assert not (partial / "manifest.json").exists()


def test_an_earlier_run_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "x"
    RunDirectory.create(path, **TEXTS).finish()
    with pytest.raises(InputError, match="holds a run already; give another"):
        RunDirectory.create(path, **TEXTS)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        RunDirectory.create(tmp_path / "file", **TEXTS)
    (tmp_path / "empty").mkdir()
    RunDirectory.create(tmp_path / "empty", **TEXTS).finish()
    assert manifest(tmp_path / "empty")["status"] == "done"


def test_default_paths_are_told_apart_by_content_and_are_free(tmp_path: Path) -> None:
    one = default_path("x", "a", root=tmp_path)
    assert one.parent == tmp_path / "x"
    assert one.name.endswith("-ca978112")  # the SHA-256 of "a" begins so
    os.makedirs(one)
    assert not default_path("x", "a", root=tmp_path).exists()


def test_json_has_null_for_nan() -> None:
    assert json.loads(to_json({"a": float("nan"), "b": [float("inf"), 1, (2.5,)]})) == {
        "a": None,
        "b": [None, 1, [2.5]],
    }
