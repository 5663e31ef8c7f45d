"""Agents taken away: the axis, what the others lose, and waits for slow agents."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from p2pkd.analysis.figures.resources import time_shares
from p2pkd.analysis.measures.influence import centrality, influence
from p2pkd.analysis.measures.resources import resources_by_agent, utilisation
from p2pkd.analysis.measures.stragglers import rounds, straggler_wait
from p2pkd.analysis.results import Results
from p2pkd.core.errors import ResultError, ScenarioError
from p2pkd.run import simulate
from p2pkd.study.executors import InProcess
from p2pkd.study.load import load_study
from p2pkd.study.start import sweep_of

STUDY = "name: s\nbase: tiny.yaml\nset: {topology: star}\nremove: [0, 2]\nseeds: 0..1\n"


def test_the_axis_is_everybody_then_all_but_one(study_file):
    study = load_study(study_file(STUDY))
    assert study.columns == ("removed", "seed")
    labels = [tuple(point.labels.values()) for point in study.points]
    assert labels == [(who, seed) for who in ("nobody", 0, 2) for seed in (0, 1)]
    churns = [point.loaded.scenario.churn for point in study.points[::2]]
    assert [[f.agents for f in churn.failures] for churn in churns] == [[], [(0,)], [(2,)]]


def test_agents_that_are_not_there_are_told_before_anything_runs(study_file):
    with pytest.raises(ScenarioError, match=r"study.yaml:4:9 .*there is no agent 4; they are"):
        load_study(study_file(STUDY.replace("[0, 2]", "3..4")))


def test_what_the_others_lose(study_file, tmp_path):
    sweep = sweep_of(load_study(study_file(STUDY)), tmp_path / "runs")
    sweep.run(InProcess())
    results = Results.from_dir(sweep.folder)
    table = influence(results).set_index("agent")
    assert table.index.tolist() == [0, 2]
    assert table.loc[0, ["degree", "betweenness"]].tolist() == [3, 1]
    assert table.loc[2, ["degree", "betweenness"]].tolist() == [1, 0]
    assert (table["n"] == 2).all()
    by = {(str(label["removed"]), run.seed): run.agents["accuracy"].to_numpy()
          for run, label in zip(results, results.labels, strict=True)}  # fmt: skip
    others = [1, 2, 3]
    lost = [by["nobody", s][others].mean() - by["0", s][others].mean() for s in (0, 1)]
    assert table.loc[0, "influence"] == pytest.approx(np.mean(lost))
    assert table.loc[0, "bytes_saved"] > table.loc[2, "bytes_saved"] > 0
    # Without the hub of a star nobody hears from anybody.
    (alone,) = results.where(removed="0", seed=0)
    assert alone.agents["messages_received"].sum() == 0
    with pytest.raises(ResultError, match="give the study 'remove"):
        influence(Results(results.runs, [{} for _ in results.runs]))


def test_an_empty_list_of_failures_changes_nothing(study_file, tmp_path):
    study_file("")
    plain = simulate(tmp_path / "tiny.yaml", out=tmp_path / "plain")
    listed = simulate(
        tmp_path / "tiny.yaml", overrides=["churn.failures=[]"], out=tmp_path / "listed"
    )
    assert plain.summary["fingerprint"] == listed.summary["fingerprint"]


def test_centrality_is_that_of_networkx(study_file, tmp_path):
    study_file("")
    run = simulate(
        tmp_path / "tiny.yaml", overrides=["agents=8"], out=tmp_path / "run", dry_run=True
    )
    graph = nx.Graph(run.topology["edges"])
    found = centrality(run)
    assert found["betweenness"].to_dict() == pytest.approx(nx.betweenness_centrality(graph))
    assert found["degree"].tolist() == [2] * 8


SLOW = (
    "devices=[{name: fast, profile: laptop, share: 75 %, model: {kind: mlp, hidden: [8]}},"
    " {name: slow, profile: laptop, share: 25 %, flops: 50 kFLOP/s,"
    " model: {kind: mlp, hidden: [8]}}]"
)


def test_fast_agents_wait_for_the_slow_one_in_rounds_and_for_nobody_on_their_own_clocks(
    study_file, tmp_path
):
    study_file("")
    own = simulate(tmp_path / "tiny.yaml", overrides=[SLOW], out=tmp_path / "own", dry_run=True)
    assert straggler_wait(own).tolist() == [0.0] * 4
    assert rounds(own).empty
    step = simulate(
        tmp_path / "tiny.yaml",
        overrides=[SLOW, "method.gossip.clock=rounds"],
        out=tmp_path / "step",
        dry_run=True,
    )
    table = rounds(step)
    starts = table.groupby("round")["started_s"].first()
    assert (starts.diff().dropna() >= 10 - 1e-9).all()
    # Each round's slowest waits for nobody, and everybody is there at the same time.
    assert (table.groupby("round")["wait_s"].min() == 0).all()
    ends = table["started_s"] + table["own_s"] + table["wait_s"]
    assert (ends.groupby(table["round"]).agg(np.ptp) < 1e-9).all()
    slow = step.agents["device"].astype(str) == "slow"
    wait = straggler_wait(step)
    assert wait[slow.to_numpy()].max() < 0.1 * wait[~slow.to_numpy()].min()
    # By hand: in the first round the slow agent computes and sends from 0 on, the others wait.
    first = table[table["round"] == 0].set_index("agent")["wait_s"]
    compute = step.compute[step.compute["started_s"] < starts[1]]
    messages = step.messages[step.messages["sent_s"] < starts[1]]
    ended = pd.concat(
        [compute.groupby("agent")["ended_s"].max(), messages.groupby("sender")["ended_s"].max()],
        axis=1,
    ).max(axis=1)
    assert first.to_dict() == pytest.approx((ended.max() - ended).to_dict())
    both = Results([own, step], [{"clock": "own"}, {"clock": "rounds"}])
    parts = time_shares(both, "clock")
    assert parts.sum(axis=1).tolist() == pytest.approx([1, 1])
    assert parts.loc["own", "waiting for slower agents"] == 0
    mean = table["wait_s"].sum() / 4 / step.summary["simulated_s"]
    assert parts.loc["rounds", "waiting for slower agents"] == pytest.approx(mean)
    shares = utilisation(step)
    assert (shares["waiting"] <= shares["idle"] + 1e-9).all()
    assert {"stale_5", "stale_50", "stale_95", "online"} <= set(resources_by_agent(step).columns)


@pytest.mark.parametrize(
    "changes",
    [
        ["method.gossip.protocol=push_pull", "links.loss=10 %"],
        ["method.gossip.protocol=push", "links.loss=20 %", SLOW],
        ["method.gossip.protocol=pull", "links.latency={kind: constant, value: 3 s}", SLOW],
        ["method.gossip.protocol=none", "method.gossip.every=5 s", SLOW],
        [
            "method.gossip.protocol=push_pull",
            "links.latency={kind: constant, value: 4 s}",
            "churn={sessions: {kind: exponential, online: 1 min, offline: 20 s}}",
        ],
    ],
)
def test_rounds_are_those_of_the_clock(study_file, tmp_path, monkeypatch, changes):
    from p2pkd.engine.clocks import RoundClock

    starts = set()
    turn = RoundClock._turn

    def noted(clock, agent):
        starts.add(clock.env.now)
        return turn(clock, agent)

    monkeypatch.setattr(RoundClock, "_turn", noted)
    study_file("")
    more = ["method.gossip.clock=rounds", "duration=5 min", "agents=8"]
    run = simulate(
        tmp_path / "tiny.yaml", overrides=[*changes, *more], out=tmp_path / "run", dry_run=True
    )
    assert rounds(run)["started_s"].unique().tolist() == sorted(starts)
