"""`perturb:` runs a study in worlds that differ a little; `ranking` says whose order that moves."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from p2pkd.analysis.measures.ranking import ranking
from p2pkd.analysis.results import Results
from p2pkd.cli import app
from p2pkd.core.errors import ResultError, ScenarioError
from p2pkd.study.load import load_study
from p2pkd.study.start import run_study

STUDY = """
name: s
base: tiny.yaml
set: {links: {loss: 20 %, uplink: 1 MB/s, downlink: 1 MB/s}}
variants: {talk: {}, "no talk": {method.gossip.protocol: none}}
perturb:
  keys: {links.scale.rate: 30 %, links.scale.latency: .1, links.loss: .3, devices.*.slowdown: 0.5}
  draws: 12
seeds: 0..1
"""


def _numbers(point):
    links = point.loaded.scenario.links
    devices = [device.slowdown for device in point.loaded.scenario.devices]
    return (links.scale.rate, links.scale.latency, links.loss / 0.2, *devices)


def test_each_draw_is_a_world_of_its_own_and_the_same_for_all(study_file):
    study = load_study(study_file(STUDY))
    assert study.columns == ("variant", "draw", "seed")
    assert len(study.points) == 2 * 13 * 2
    worlds: dict[int, set] = {}
    for point in study.points:
        worlds.setdefault(point.labels["draw"], set()).add(_numbers(point))
    assert all(len(same) == 1 for same in worlds.values())
    drawn = np.array([next(iter(worlds[draw])) for draw in range(13)])
    assert drawn[0].tolist() == [1, 1, 1, 1]
    assert len(np.unique(drawn)) == 1 + 12 * 4
    far = np.abs(drawn[1:] - 1).max(axis=0)
    assert (far <= [0.3, 0.1, 0.3 + 1e-12, 0.5]).all()
    assert (far >= [0.15, 0.05, 0.15, 0.25]).all()


def test_adding_a_key_or_a_draw_moves_no_other(study_file):
    before = [_numbers(p) for p in load_study(study_file(STUDY)).points[:8]]
    text = STUDY.replace("keys: {", "keys: {evaluate.every: 1 %, ").replace("12", "20")
    assert [_numbers(p) for p in load_study(study_file(text)).points[:8]] == before


@pytest.mark.parametrize(
    ("old", "new", "where", "told"),
    [
        ("links.loss: .3", "links.los: .3", "6:59", "is no number of this scenario"),
        ("links.loss: .3", "links.loss: 2", "6:71", "at most"),
        ("draws: 12", "draws: 0", "7:10", "at least 1"),
        ("links.loss: .3", "agents: 0.3", "6:59", "is no number of this scenario"),
        ("seeds:", "tune: {space: {method.learn.lr: [1, 2]}, seeds: [9]}\nseeds:", "5:1", "tune"),
    ],
)
def test_mistakes_are_told_where_they_are(study_file, old, new, where, told):
    with pytest.raises(ScenarioError) as error:
        load_study(study_file(STUDY.replace(old, new)))
    assert f"study.yaml:{where} " in str(error.value)
    assert told in str(error.value)


def test_the_order_of_methods_over_the_draws(study_file, tmp_path):
    text = STUDY.replace("draws: 12", "draws: 2").replace("0..1", "0")
    results = run_study(study_file(text), tmp_path / "out", jobs=1)
    table = ranking(results, ["final"])
    assert sorted(table["setting"]) == ["no talk", "talk"]
    assert table["rank"].tolist() == [1, 2]
    assert table["draws"].tolist() == [2, 2]
    frame = results.frame
    first = frame[(frame["draw"] == 0)].set_index("variant")["final_accuracy_mean"].max()
    assert table["mean"].iloc[0] == pytest.approx(first)
    out = CliRunner().invoke(app, ["export", str(tmp_path / "out"), "--table", "ranking"])
    assert out.exit_code == 0
    assert out.stdout.startswith("setting,budget,mean,")


def test_no_draws_no_ranking(study_file, tmp_path):
    text = "name: s\nbase: tiny.yaml\nvariants: {a: {}, b: {agents: 3}}\n"
    results = run_study(study_file(text), tmp_path / "out", jobs=1)
    with pytest.raises(ResultError, match="perturb"):
        ranking(results)


class _Run:
    """A finished run, of whose accuracy all that `accuracy_at` asks is known."""

    def __init__(self, accuracy):
        self.accuracy, self.name, self.seed = accuracy, "run", 0


def test_ranks_and_pairs_by_hand(monkeypatch):
    """Three methods, two draws: in the second the first two change places."""
    values = {("a", 0): 0.9, ("b", 0): 0.8, ("c", 0): 0.1,
              ("a", 1): 0.9, ("b", 1): 0.7, ("c", 1): 0.2,
              ("a", 2): 0.6, ("b", 2): 0.7, ("c", 2): 0.3}  # fmt: skip
    runs = [_Run(value) for value in values.values()]
    labels = [{"variant": name, "draw": draw} for name, draw in values]
    monkeypatch.setattr("p2pkd.analysis.measures.ranking.accuracy_at", lambda run, budget: run)
    table = ranking(Results(runs, labels)).set_index("setting")
    assert table["kept"].to_dict() == {"a": 0.5, "b": 0.5, "c": 1.0}
    assert table["rank_most"].to_dict() == {"a": 2, "b": 2, "c": 3}
    assert table["ahead"].iloc[:2].tolist() == [0.5, 1.0]
    assert table["tau"].iloc[0] == pytest.approx((1 + 1 / 3) / 2)
    assert table["pairs_kept"].iloc[0] == pytest.approx((3 + 2) / 6)
    assert (table["least"]["a"], table["most"]["a"]) == (0.6, 0.9)
    # Not from an unfinished study: whose draws are missing has no rank among the others.
    with pytest.raises(ResultError, match=r"c lacks 1 of 3 runs.*--resume"):
        ranking(Results(runs[:-1], labels[:-1]))
    with pytest.raises(ResultError, match="needs draw 0"):
        ranking(Results(runs[:3], labels[:3]))


def test_ranks_are_of_accuracy(tmp_path):
    words = ["export", str(tmp_path), "--table", "ranking", "--metric", "wire_bytes"]
    got = CliRunner().invoke(app, words)
    assert got.exit_code == 2
    assert "--metric: ranks are of accuracy" in got.stderr
