"""What a scenario delivers: declared, defaulted, or refused with its place."""

import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.load import load_mapping, load_scenario
from p2pkd.scenario.presets import load_preset, preset_names
from p2pkd.scenario.resolve import to_plain

SMALL = "scenarios/methods/small.yaml"
AVERAGED = {"d-psgd", "ad-psgd", "choco"}


def test_every_preset_says_what_it_delivers():
    found = {name: load_preset(name).sections()["evaluate"]["score"] for name in preset_names()}
    assert {name for name, score in found.items() if score == "average"} == AVERAGED
    assert {name for name, score in found.items() if score == "server"} >= {
        "fedavg",
        "hierarchical",
    }
    assert set(found.values()) <= {"agents", "server", "average"}


def score(overrides, scenario=SMALL):
    loaded = load_scenario(scenario, overrides)
    assert loaded.resolved["evaluate"]["score"] == loaded.scenario.evaluate.score
    return loaded.scenario.evaluate.score


def test_the_resolved_scenario_names_the_score():
    assert score([]) == "agents"
    assert score([], "scenarios/server.yaml") in ("agents", "server")
    assert score([], "scenarios/methods/preset-fedavg.yaml") == "server"
    assert score([], "scenarios/methods/preset-fedmd-star.yaml") == "agents"
    assert score([], "scenarios/methods/preset-d-psgd.yaml") == "average"
    assert score(["evaluate.score=agents"], "scenarios/methods/preset-d-psgd.yaml") == "agents"
    loaded = load_scenario("scenarios/methods/preset-fedavg.yaml")
    assert load_mapping(to_plain(loaded.scenario)).scenario == loaded.scenario


def test_a_server_whose_models_travel_is_scored_without_a_preset():
    star = {
        "agents": 5, "duration": "1 min", "topology": {"kind": "star"}, "aggregators": {},
        "method": {
            "send": {"knowledge": "weights"}, "learn": {"objective": "merge"},
            "gossip": {"protocol": "coordinated", "clock": "rounds"},
        },
    }  # fmt: skip
    assert load_mapping(star).scenario.evaluate.score == "server"


@pytest.mark.parametrize(
    ("overrides", "scenario", "why"),
    [
        (["evaluate.score=server"], SMALL, "there is no server"),
        (
            ["evaluate.score=server"],
            "scenarios/methods/preset-fedmd-star.yaml",
            "the server has no model: it combines logits",
        ),
        (["evaluate.score=average"], SMALL, "2 architectures"),
        (
            ["evaluate.score=average", "devices.1.model.hidden=[32]", "method.learn.objective=nas"],
            SMALL,
            "change their widths",
        ),
        (["evaluate.score=proxies"], SMALL, "no proxies travel"),
        (["evaluate.score=ensemble"], "scenarios/tasks/multi-task.yaml", "tasks of their own"),
        (["evaluate.on=[own_classes,own_classes]"], SMALL, "each at most once"),
        (["evaluate.on=[]"], SMALL, "at least 1"),
        (["evaluate.score=best"], SMALL, "must be 'agents', 'server', "),
    ],
)
def test_what_a_scenario_cannot_have_is_refused(overrides, scenario, why):
    with pytest.raises(ScenarioError) as error:
        load_scenario(scenario, overrides)
    (problem,) = error.value.problems
    assert problem.key.startswith("evaluate.")
    assert problem.file == f"--set {overrides[0]}"
    assert why in problem.message
