"""Steps, merges and FLOPs: one definition, and every reader has the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from p2pkd import Result, simulate
from p2pkd.analysis.io.readable import count
from p2pkd.analysis.measures.communication import by_device, costs_over_time
from p2pkd.analysis.measures.compare import compare
from p2pkd.analysis.measures.cost import cost_table, estimate_against_actual
from p2pkd.analysis.measures.headline import headline
from p2pkd.core.records import AgentRecord, ComputeRecord, Observer

BASE: dict[str, Any] = {
    "duration": "90 s",
    "agents": 5,
    "topology": {"kind": "ring"},
    "links": {"latency": {"kind": "constant", "value": "50 ms"}, "loss": "0 %"},
    "devices": [
        # Slow enough that absences and the end come in the middle of computations.
        {"profile": "laptop", "flops": "25 kFLOP/s", "model": {"kind": "mlp", "hidden": [8]}}
    ],
    "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 16}},
    "churn": {"sessions": {"kind": "exponential", "online": "15 s", "offline": "5 s"}},
    "evaluate": {"every": "30 s"},
}
GOSSIP = {"every": "5 s"}
FAMILIES: dict[str, dict[str, Any]] = {
    "weights": {
        "send": {"knowledge": "weights"},
        "gossip": GOSSIP,
        "learn": {"objective": "merge", "local_steps": 5},
    },
    "soft labels": {
        "gossip": GOSSIP,
        "learn": {"objective": "response", "local_steps": 5, "distill_steps": 5},
    },
    "joint": {"gossip": GOSSIP, "learn": {"objective": "mutual", "local_steps": 5}},
    "push-sum": {"preset": "sgp", "gossip": GOSSIP, "learn": {"local_steps": 5}},
    "choco": {"preset": "choco", "gossip": {"every": "5 s"}, "learn": {"local_steps": 5}},
    "pairwise": {"preset": "ad-psgd", "gossip": {"every": "5 s"}, "learn": {"local_steps": 5}},
    "server": {
        "preset": "fedavg",
        "gossip": {"protocol": {"kind": "coordinated", "patience": "6 s"}, "every": "5 s"},
        "learn": {"local_steps": 5},
    },
    "alone": {
        "gossip": {**GOSSIP, "protocol": "none"},
        "learn": {"objective": "local", "local_steps": 5},
    },
}
MERGES = {"weights", "push-sum", "choco", "pairwise", "server"}
DISTILS = {"soft labels", "joint"}


def scenario(family: str) -> dict[str, Any]:
    star = {"topology": {"kind": "star"}, "aggregators": {"who": "hub"}}
    return {**BASE, **(star if family == "server" else {}), "method": FAMILIES[family]}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def run(family: str, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return simulate(scenario(family), out=tmp_path_factory.mktemp("effort") / "run")


def test_every_reader_has_the_same_numbers(run: Result, family: str) -> None:
    total, agents, computed = run.summary, run.agents, run.compute
    assert total["gradient_steps"] == total["train_steps"] + total["distill_steps"] > 0
    # 1. What was computed, from the records one by one.
    done = computed[computed["completed"]]
    by_kind = done.groupby(done["kind"].astype(str))["steps"].sum()
    assert by_kind.get("train", 0) == total["train_steps"]
    assert by_kind.get("distill", 0) == total["distill_steps"]
    assert (done["kind"].astype(str) == "merge").sum() == total["merges"]
    flops = computed.groupby(computed["kind"].astype(str))["flops"].sum()
    for kind in ("train", "distill", "merge", "predict"):
        assert total[f"{kind}_flops"] == pytest.approx(flops.get(kind, 0.0))
    assert total["flops"] == pytest.approx(computed["flops"].sum())
    # 2. Every place that shows it.
    for name in ("gradient_steps", "flops"):
        assert costs_over_time(run)[name].iloc[-1] == pytest.approx(total[name])
        assert cost_table([run])[name].iloc[0] == compare([run])[name].iloc[0] == total[name]
    for name in ("train_steps", "distill_steps", "merges", "flops"):
        assert agents[name].sum() == pytest.approx(total[name])
        assert compare([run])[name].iloc[0] == total[name]
        groups = by_device(run)
        assert (groups[name] * groups["agents"]).sum() == pytest.approx(total[name])


def test_something_was_cut_short(run: Result) -> None:
    """Or the test above would not tell a step that was done from one that was begun."""
    cut = run.compute[~run.compute["completed"]]
    assert len(cut)
    assert (cut["steps"] == 0).all()
    assert cut["flops"].sum() > 0


def test_merges_are_no_gradient_steps(run: Result, family: str) -> None:
    assert (run.summary["merges"] > 0) == (family in MERGES)
    assert (run.summary["distill_steps"] > 0) == (family in DISTILS)
    line = dict(headline(run))["Gradient steps"]
    assert ("distilling" in line) == (family in DISTILS)
    assert ("merges" in line) == (family in MERGES)
    assert line.startswith(count(run.summary["gradient_steps"]))


def test_a_dry_run_foretells_them(run: Result, family: str, tmp_path: Path) -> None:
    dry = simulate(scenario(family), out=tmp_path / "dry", dry_run=True)
    table = estimate_against_actual(dry, run)
    for name in ("train_steps", "distill_steps", "merges", "flops"):
        assert table.loc[name, "estimated"] == table.loc[name, "actual"]


def test_a_sweep_is_estimated_by_the_same_steps(tmp_path: Path) -> None:
    from p2pkd.study.load import load_study
    from p2pkd.study.plan import plan_of
    from p2pkd.study.start import sweep_of

    values = scenario("weights")
    (tmp_path / "base.yaml").write_text(json.dumps(values))
    (tmp_path / "study.yaml").write_text("name: one\nbase: base.yaml\nseeds: [0]\n")
    sweep = sweep_of(load_study(tmp_path / "study.yaml"), tmp_path / "runs")
    plan, run = plan_of(sweep, samples=1), simulate(values, out=tmp_path / "a")
    assert plan.estimate is not None
    assert run.summary["merges"] > 0
    assert plan.estimate.gradient_steps == compare([run])["gradient_steps"].iloc[0]
    assert run.summary["train_steps"] == run.summary["gradient_steps"]


class Kept(Observer):
    def __init__(self) -> None:
        self.computed: list[ComputeRecord] = []
        self.agents: list[AgentRecord] = []

    def compute(self, record: ComputeRecord) -> None:
        self.computed.append(record)

    def agent(self, record: AgentRecord) -> None:
        self.agents.append(record)


@pytest.mark.parametrize("computation", ["lost", "resumes"])
def test_what_resumes_counts_once(computation: str, tmp_path: Path) -> None:
    """The FLOPs of all parts, and the steps with the last part; of what is lost only FLOPs."""
    kept = Kept()
    churn = {
        "failures": [{"at": "10 s", "lasts": "5 s", "share": "100 %"}],
        "computation": computation,
    }
    slow = [{"profile": "laptop", "flops": "7 kFLOP/s", "model": {"kind": "mlp", "hidden": [8]}}]
    values = {**scenario("alone"), "devices": slow, "churn": churn}
    result = simulate(values, out=tmp_path / "run", observers=[kept])
    for agent in kept.agents:
        mine = [c for c in kept.computed if c.agent == agent.agent]
        whole = sum(c.completed for c in mine)
        assert agent.train_steps == agent.version == 5 * whole
        assert agent.flops == pytest.approx(sum(c.flops for c in mine))
    assert any(not c.completed for c in kept.computed)
    # In one piece, or in two that make one: a step costs what it costs.
    per_step = kept.agents[0].flops / max(1, kept.agents[0].train_steps)
    assert per_step > 0
    assert result.summary["gradient_steps"] == sum(a.train_steps for a in kept.agents)
