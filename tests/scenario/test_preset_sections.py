"""What presets say beside the method: where it lies, what it yields to, and what is told."""

import json

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.core.errors import ScenarioError
from p2pkd.run import simulate
from p2pkd.scenario import presets
from p2pkd.scenario.load import load_mapping, load_scenario
from p2pkd.scenario.origins import preset_keys

BASE = {"duration": "1 min", "agents": 3}
ALIKE = "models: {start: {kind: fresh, alike: true}}\n"
ONE_START = [
    "ad-psgd", "choco", "d-psgd", "def-kt", "epidemic", "fedavg", "feddf", "fedgen",
    "gossip-learning", "hierarchical", "sgp",
]  # fmt: skip


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "FOLDER", tmp_path)

    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text)

    return write


def load(preset, overrides=(), **more):
    return load_mapping({**BASE, "method": {"preset": preset}, **more}, overrides)


@pytest.mark.parametrize("name", ONE_START)
def test_methods_that_average_one_model_begin_from_one(name):
    assert presets.load_preset(name).sections()["models"] == {
        "start": {"kind": "fresh", "alike": True}
    }


def test_sections_lie_between_defaults_and_the_scenario(own, tmp_path):
    own(a="models: {start: {kind: fresh, alike: true}}\nevaluate: {every: 7 s}\nmethod: {}\n")
    loaded = load("a", evaluate={"sample": 2})
    assert loaded.scenario.models.start.alike
    assert (loaded.scenario.evaluate.every, loaded.scenario.evaluate.sample) == (7, 2)
    assert preset_keys(loaded.tree) == [
        "models.start.kind", "models.start.alike", "evaluate.every",
    ]  # fmt: skip
    (tmp_path / "below.yml").write_text("duration: 1 min\nagents: 3\nevaluate: {every: 9 s}\n")
    (tmp_path / "x.yml").write_text("extends: below.yml\nmethod: {preset: a}\n")
    assert load_scenario(tmp_path / "x.yml").scenario.evaluate.every == 9


def test_a_preset_may_build_on_another_with_sections(own):
    own(
        a="evaluate: {sample: 2}\nmethod: {preset: b, memory: once}\n",
        b=ALIKE + "evaluate: {every: 7 s, sample: 1}\nmethod: {send: {codec: int8}}\n",
    )
    scenario = load("a").scenario
    assert scenario.models.start.alike
    assert (scenario.evaluate.every, scenario.evaluate.sample) == (7, 2)
    assert scenario.method.send.codec.kind == "int8"


def test_another_preset_takes_the_sections_of_the_first_along(own):
    own(a=ALIKE + "method: {}\n", b="method: {}\n")
    assert load("a").scenario.models.start.alike
    assert not load("a", ["method.preset=b"]).scenario.models.start.alike


def test_resolved_scenarios_load_to_equal_ones(own):
    own(a="evaluate: {sample: 2}\naggregators: {who: hub}\nmethod: {}\n")
    for given in ({"evaluate": {"sample": None}, "aggregators": None}, {"aggregators": None}):
        loaded = load("a", **given)
        assert load_mapping(loaded.resolved).scenario == loaded.scenario


def test_mistakes_are_told_in_the_presets_file(own, tmp_path):
    own(a="modles: {}\nevaluate: {evry: 1 s}\nmethod: {}\n", b="method: 3\n")
    with pytest.raises(ScenarioError) as caught:
        load("a")
    assert str(caught.value) == (
        f"{tmp_path}/a.yaml:1:1  modles: unknown key of a preset; did you mean 'models'?"
    )
    own(a="evaluate: {evry: 1 s}\nmodels: {start: fesh}\nmethod: {}\n")
    with pytest.raises(ScenarioError) as caught:
        load("a")
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/a.yaml:1:12  evaluate.evry: unknown key; did you mean 'every'?",
        f"{tmp_path}/a.yaml:2:17  models.start: unknown kind 'fesh'; did you mean 'fresh'?"
        " known: fresh, pretrained",
    ]
    with pytest.raises(ScenarioError, match=r"b\.yaml:1:9  method: must be a mapping"):
        load("b")


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ({"kind": "fresh", "alike": True}, ()),
        ("fresh", ()),
        ({"kind": "fresh", "alike": False}, ("alike: false, where the preset d-psgd has true",)),
        ("pretrained", ("kind: pretrained, where the preset d-psgd has fresh",)),
    ],
)
def test_a_scenario_wins_and_its_departure_is_told(start, told):
    loaded = load("d-psgd", models={"start": start})
    wanted = tuple(f"models.start.{text}" for text in told)
    assert loaded.departures == wanted
    assert load_mapping(loaded.resolved).departures == wanted


def test_departures_are_told_by_all_commands(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text(
        "duration: 1 min\nagents: 6\nmethod: {preset: d-psgd}\n"
        "models: {start: {kind: fresh, alike: false}}\n"
    )
    told = "models.start.alike: false, where the preset d-psgd has true"
    run = CliRunner().invoke
    assert run(app, ["validate", str(file)]).stdout.splitlines()[1] == (
        f"{file}: departs from the preset: {told}"
    )
    (entry,) = json.loads(run(app, ["validate", "--json", str(file)]).stdout)["scenarios"]
    assert entry["departures"] == [told]
    shown = run(app, ["show", str(file)]).stdout
    assert f"# Departs from the preset: {told}.\n" in shown
    assert shown.startswith("# From the preset d-psgd: evaluate.score, method.send.knowledge, ")
    assert simulate(file, out=tmp_path / "run").notes == [f"Departs from the preset: {told}."]
    assert "also says models.start.kind: fresh, models.start.alike: true" in (
        run(app, ["list", "presets"]).stdout
    )


def test_d_psgd_begins_from_one_model_by_itself(tmp_path):
    """Thirty agents, Barabasi-Albert, 15 minutes, five steps a round."""
    scenario = {
        "duration": "15 min", "agents": 30,
        "method": {"preset": "d-psgd", "learn": {"local_steps": 5}},
        "topology": {"kind": "barabasi_albert", "m": 2},
    }  # fmt: skip
    apart = {"models": {"start": {"kind": "fresh", "alike": False}}}
    alike = simulate(scenario, out=tmp_path / "alike")
    other = simulate({**scenario, **apart}, out=tmp_path / "apart")
    assert alike.evaluations.query("time_s == 0")["accuracy"].nunique() == 1
    # 0.67, and 0.17 from different weights.
    assert alike.summary["final_agents_accuracy_mean"] > 0.6
    assert other.summary["final_agents_accuracy_mean"] < 0.3
