"""Runs whose models diverge or die: said everywhere, taught to nobody, unseen by the timeline."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from p2pkd.analysis.measures.headline import headline
from p2pkd.analysis.results import Results
from p2pkd.cli import app
from p2pkd.cli.progress import Progress
from p2pkd.core.errors import InputError
from p2pkd.core.records import PopulationRecord
from p2pkd.learning.compute.kernels import Kernels
from p2pkd.report import write_report
from p2pkd.run import simulate

METHODS = Path(__file__).parents[2] / "scenarios" / "methods"
LOST = 1
SMALL = {
    "duration": "3 min",
    "agents": 6,
    "data": {"dataset": {"kind": "synthetic", "rows": 400}, "reference": {"rows": 40}},
    "method": {
        "gossip": {"every": "20 s"},
        "learn": {"objective": "response", "local_steps": 2, "distill_steps": 2},
    },
    "evaluate": {"every": "60 s"},
    "execution": {"processes": 1, "threads": 1},
}


@pytest.fixture
def lost(monkeypatch):
    """Let agent `LOST` begin with parameters that are not finite."""
    fresh = Kernels._initial

    def poisoned(self, products, *others):
        table = fresh(self, products, *others)
        for i, product in enumerate(products):
            if product.agent == LOST:
                table[i] = torch.nan
        return table

    monkeypatch.setattr(Kernels, "_initial", poisoned)


def with_lr(lr, **changes):
    learn = {**SMALL["method"]["learn"], "lr": lr}
    return {**SMALL, "method": {**SMALL["method"], "learn": learn}, **changes}


@pytest.fixture(scope="module")
def gone(tmp_path_factory):
    """A run at a learning rate of 1e30."""
    return simulate(with_lr(1e30), out=tmp_path_factory.mktemp("runs") / "gone")


def test_no_number_of_a_diverged_run_looks_like_chance(gone):
    summary = gone.summary
    assert (summary["final_diverged"], summary["diverged_since_s"]) == (6, 60.0)
    for score in ("accuracy_mean", "loss_mean", "disagreement", "ensemble_accuracy"):
        assert summary[f"final_{score}"] is None
    assert gone.population["diverged"].tolist() == [0, 6, 6, 6]
    assert gone.population["accuracy_mean"].isna().tolist() == [False, True, True, True]
    assert gone.evaluations.query("time_s > 0")[["accuracy", "loss"]].isna().all(axis=None)
    assert (gone.agents["diverged_s"] == 60).all()
    assert summary["messages_discarded"] == gone.agents["messages_discarded"].sum() > 0


def test_it_is_said(gone):
    assert "6 agents have DIVERGED" in gone.warnings[0]
    assert "not finite, not learned from" in dict(headline(gone))["Messages"]
    write_report(gone)
    page = (gone.path / "report.html").read_text()
    assert "6 agents have DIVERGED" in page
    assert "(diverged)" in page
    assert "6 diverged" in repr(gone)


def test_it_is_said_on_the_terminal(tmp_path):
    overrides = ["duration=2 min", "evaluate.every=30 s", "method.learn.lr=1e30"]
    given = [part for override in overrides for part in ("--set", override)]
    path = METHODS / "part-samples.yaml"
    result = CliRunner().invoke(app, ["run", str(path), *given, "--out", str(tmp_path / "a")])
    assert result.exit_code == 0, result.stderr
    assert re.search(r"Models +8 agents diverged since \d+ s", result.stdout)
    assert "not finite, not learned from" in result.stdout
    assert "8 agents have DIVERGED" in result.stderr


def test_the_progress_line_says_it(gone):
    progress = Progress(180.0)
    record = PopulationRecord(**gone.population.iloc[-1].to_dict())
    progress.population(record._replace(diverged=6, dead=1))
    assert progress.text().endswith("6 agents diverged, 1 agent dead")
    assert "accuracy" not in progress.text()


def test_features_that_are_not_scaled_leave_dead_models(tmp_path):
    """Honest features around 5000, and plain SGD: the first steps switch all hidden units off."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 600)
    x = rng.normal(size=(5, 20))[y] + rng.normal(size=(600, 20)) / 1.5
    np.savez(tmp_path / "raw.npz", x=(5000 + 1000 * x / x.std()).astype(np.float32), y=y)
    data = {
        "dataset": {"kind": "npz", "path": str(tmp_path / "raw.npz")},
        "reference": {"rows": 40},
    }
    run = simulate(with_lr(0.1, data=data), out=tmp_path / "run")
    summary = run.summary
    assert summary["final_dead"] >= 1
    assert summary["final_diverged"] == 0
    assert summary["dead_since_s"] == 60
    assert summary["final_accuracy_mean"] < 0.3
    assert "have DEAD models" in run.warnings[0]
    assert run.agents["dead_s"].notna().sum() >= summary["final_dead"]


def test_a_setting_of_which_a_run_diverged_has_no_mean(gone, tmp_path):
    well = simulate(SMALL, out=tmp_path / "well")
    both = Results([gone, well], [{"kind": "a"}, {"kind": "a"}])
    found = both.group("kind", "final_accuracy_mean").loc["a"]
    assert np.isnan(found["mean"])
    assert found["n"] == 1
    alone = Results([well], [{"kind": "a"}]).group("kind", "final_accuracy_mean").loc["a"]
    assert alone["mean"] == well.summary["final_accuracy_mean"]


def lost_at_last(run):
    last = run.evaluations[run.evaluations["time_s"] == run.evaluations["time_s"].max()]
    return last.loc[last["accuracy"].isna(), "agent"].tolist()


@pytest.mark.parametrize("lr", [float("inf"), 1e39, float("nan")])
def test_a_learning_rate_that_no_model_can_hold_is_refused(lr, tmp_path):
    with pytest.raises(InputError, match=r"learn\.lr"):
        simulate(with_lr(lr), out=tmp_path / "run")


REPRESENTATIVES = [
    "preset-fedproto",
    "preset-choco",
    "preset-sgp",
    "preset-ds-fl-star",
    "part-hard-labels",
    "part-learned",
    "part-row-memory",
]
OTHERS = [
    "preset-d-psgd",
    "preset-ad-psgd",
    "preset-fml",
    "preset-def-kt",
    "part-bits",
    "part-top-k",
    "part-validation",
    "part-mean-losses",
    "part-signs",
]


@pytest.mark.parametrize(
    "method", [*REPRESENTATIVES, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)]
)
def test_one_lost_agent_takes_nobody_along(lost, method, monkeypatch, tmp_path):
    def run(name, **execution):
        overrides = ["duration=100 s", "evaluate.every=50 s"]
        overrides += [f"execution.{key}={value}" for key, value in execution.items()]
        path = METHODS / f"{method}.yaml"
        return simulate(path, overrides=overrides, out=tmp_path / name)

    grouped = run("grouped", executor="grouped", processes=1, threads=1)
    assert grouped.summary["final_diverged"] == 1
    assert grouped.summary["messages_discarded"] > 0
    assert lost_at_last(grouped) == [LOST]
    loop = run("loop", executor="loop", processes=1, threads=1)
    assert loop.summary["fingerprint"] == grouped.summary["fingerprint"]
    apart = run("apart", executor="grouped", processes=2, threads=2)
    assert apart.summary["fingerprint"] == grouped.summary["fingerprint"]
    monkeypatch.undo()
    well = run("well", processes=1, threads=1)
    assert well.messages.equals(grouped.messages)
    assert well.compute.equals(grouped.compute)
    assert well.summary["messages_discarded"] == 0


def test_an_aggregator_leaves_out_a_child_that_is_lost(monkeypatch, tmp_path):
    train = Kernels._train

    def poisoned(self, products, *others):
        table = train(self, products, *others)
        for i, product in enumerate(products):
            if product.agent == LOST:
                table[i] = torch.nan
        return table

    monkeypatch.setattr(Kernels, "_train", poisoned)
    overrides = ["duration=2 min", "evaluate.every=60 s"]
    run = simulate(METHODS / "preset-fedavg.yaml", overrides=overrides, out=tmp_path / "run")
    assert lost_at_last(run) == [LOST]
    # The server's model, which is what the method delivers, is finite.
    assert run.summary["final_accuracy_mean"] is not None
    assert run.summary["messages_discarded"] > 0


def test_sizes_that_depend_on_contents_need_no_finite_ones(lost, tmp_path):
    for method in ("part-delta", "part-compressed", "preset-similar-peers"):
        path = METHODS / f"{method}.yaml"
        overrides = ["duration=100 s", "evaluate.every=50 s"]
        run = simulate(path, overrides=overrides, out=tmp_path / method)
        assert run.summary["final_diverged"] == 1
