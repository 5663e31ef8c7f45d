"""Choices of different families that met for the first time in a crash."""

import numpy as np
import pytest

import p2pkd
from p2pkd.core.errors import ScenarioError
from p2pkd.learning.evaluation import disagreement

TINY = {
    "duration": "60 s",
    "agents": 4,
    "topology": {"kind": "ring", "k": 2},
    "data": {"dataset": "digits", "reference": {"rows": 32}},
    "devices": [{"profile": "laptop", "model": {"kind": "mlp", "hidden": [16]}}],
    "evaluate": {"every": "60 s"},
    "execution": {"processes": 1, "threads": 1},
}


def run(folder, processes=1, **method):
    execution = {"processes": processes, "threads": 1}
    scenario = TINY | {"method": {"gossip": {"every": "5 s"}, **method}, "execution": execution}
    return p2pkd.simulate(scenario, out=folder)


def test_widths_change_while_trust_is_learned(tmp_path):
    result = run(
        tmp_path / "run",
        learn={"objective": "nas", "choose_every": 1, "price": 0.5, "optimizer": "adam"},
        teachers={"weights": "learned"},
    )
    assert result.summary["distilled"]
    assert result.summary["final_loss_mean"] < 2.3


@pytest.mark.parametrize("processes", [1, 2])
def test_a_snapshot_of_ones_own_beside_a_memory_of_rows(tmp_path, processes):
    rows, whole = (
        run(
            tmp_path / keep,
            processes,
            learn={"objective": "self", "refresh": "10 s"},
            memory={"keep": keep},
        )
        for keep in ("latest_per_row", "latest_per_peer")
    )
    assert rows.summary["distill_steps"] > 0
    # Nothing of others is heard, so what is remembered of them makes no difference.
    assert rows.summary["final_loss_mean"] == whole.summary["final_loss_mean"]


def test_labels_of_many_classes_do_not_wrap(tmp_path):
    data = {
        "dataset": {
            "kind": "synthetic", "rows": 40_400, "features": 2, "classes": 40_000,
            "separation": 1e6,
        },
        "reference": {"rows": 2},
        "test": 0.005,
    }  # fmt: skip
    scenario = TINY | {
        "duration": "10 s",
        "agents": 2,
        "topology": "complete",
        "data": data,
        "devices": [{"profile": "laptop", "model": "linear"}],
        "method": {"learn": {"objective": "local"}, "gossip": {"every": "10 s"}},
        "evaluate": {"every": "10 s"},
    }
    result = p2pkd.simulate(scenario, out=tmp_path / "run")
    assert 0 <= result.summary["final_accuracy_mean"] <= 1
    labels = np.array([[39_999, 5], [39_999, 5]], np.int32)
    assert disagreement(labels, 40_000) == 0


@pytest.mark.parametrize("knowledge", ["generator", "weights", "relations", "prototypes"])
def test_a_snapshot_of_ones_own_tells_what_a_student_can_learn(tmp_path, knowledge):
    with pytest.raises(ScenarioError, match=r"'self' learns from soft_labels, .* or hard_labels"):
        run(tmp_path / "run", learn={"objective": "self"}, send={"knowledge": knowledge})
