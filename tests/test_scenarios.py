"""Every scenario of the repository runs, in little: fewer agents, less time."""

import os
from pathlib import Path

import pytest

import p2pkd
from p2pkd.core.errors import DataError, ScenarioError, TraceError

SCENARIOS = sorted(Path("scenarios").glob("*.yaml"))
CONTROLS = {"isolated", "pooled"}
DATA = os.environ.get("P2PKD_DATA") or str(Path("../shared/data").resolve())


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_runs_and_distils(path, tmp_path, monkeypatch):
    text = path.read_text()
    if "P2PKD_DATA" in text:
        if not Path(DATA).is_dir():
            pytest.skip(f"{path.name} needs files in P2PKD_DATA")
        monkeypatch.setenv("P2PKD_DATA", DATA)
    little = ["duration=4 min", "evaluate.every=4 min"]
    result = p2pkd.simulate(path, overrides=little, out=tmp_path / "run")
    summary = result.summary
    assert result.manifest["status"] == "done"
    assert summary["simulated_s"] == 240
    assert 0 < summary["final_accuracy_mean"] <= 1
    sent = sum(
        summary[f"messages_{fate}"] for fate in ("delivered", "lost", "aborted", "in_flight")
    )
    assert summary["messages_sent"] == sent
    if path.stem in CONTROLS:
        assert summary["messages_sent"] == summary["distill_steps"] == summary["merges"] == 0
    else:
        assert summary["distill_steps"] + summary["merges"] > 0
        assert summary["payload_bytes"] > 0 < summary["wire_bytes"]
        if not summary["messages_aborted"]:  # those may never have left
            assert summary["wire_bytes"] >= summary["payload_bytes"]


def test_missing_data_is_refused_by_name(monkeypatch, tmp_path):
    monkeypatch.setenv("P2PKD_DATA", str(tmp_path / "nowhere"))
    with pytest.raises((DataError, ScenarioError, TraceError), match="nowhere"):
        p2pkd.simulate("scenarios/mnist.yaml", out=tmp_path / "run")


def test_distillation_beats_isolation_on_skewed_digits(tmp_path):
    """Ten points at least, with the same private steps; ten seeds: scenarios/studies/claim.yaml."""
    accuracy, steps = {}, {}
    for name in ("quickstart", "isolated", "pooled"):
        result = p2pkd.simulate(
            f"scenarios/{name}.yaml",
            overrides=["evaluate.every=20 min"],
            out=tmp_path / name,
            seed=0,
        )
        accuracy[name] = result.summary["final_accuracy_mean"]
        steps[name] = result.summary["train_steps"]
    assert steps["quickstart"] == steps["isolated"] == steps["pooled"]
    assert accuracy["quickstart"] > accuracy["isolated"] + 0.1
    assert accuracy["pooled"] > accuracy["quickstart"]


def test_rows_of_owners_are_those_of_their_lists(tmp_path):
    """Both files say the same; the test part is the file's own, 320 rows."""
    little = ["duration=2 min", "evaluate.every=2 min"]
    results = [
        p2pkd.simulate(f"scenarios/{name}.yaml", overrides=little, out=tmp_path / name)
        for name in ("owners", "row-lists")
    ]
    assert len({result.summary["fingerprint"] for result in results}) == 1
    assert len(set(results[0].agents["private_rows"])) > 4
