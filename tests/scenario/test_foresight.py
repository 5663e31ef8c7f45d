"""What cannot come about is a warning before anything runs, at its place in the file."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from p2pkd import simulate
from p2pkd.cli import app
from p2pkd.scenario.foresight import forewarnings
from p2pkd.scenario.load import load_scenario, scenario_from_dict

SMALL = {"duration": "10 min", "agents": 4, "topology": "ring"}
SERVER = {
    "topology": "star",
    "aggregators": {"who": "hub"},
    "method": {"preset": "fedavg"},
    "links": {"loss": "5 %"},
}


def warnings(**changes):
    return forewarnings(scenario_from_dict({**SMALL, **changes}))


def test_defaults_fit_each_other():
    assert warnings() == warnings(**SERVER) == []


@pytest.mark.parametrize("every", ["30 s", "7 s"])
def test_patience_follows_the_period(every):
    gossip = {"every": every}
    values = {**SMALL, **SERVER, "method": {"preset": "fedavg", "gossip": gossip}}
    scenario = scenario_from_dict(values)
    assert scenario.method.gossip.protocol.patience == scenario.method.gossip.every
    from p2pkd.scenario.resolve import to_yaml

    assert f"patience: {every}" in to_yaml(scenario)


LATE = {
    "method.teachers.warm_up": {"method": {"teachers": {"warm_up": "10 min"}}},
    "method.learn.teach_after": {
        "method": {"preset": "offline-kd", "learn": {"teach_after": "20 min"}}
    },
    "method.learn.refresh": {
        "method": {"gossip": {"protocol": "none"}, "learn": {"objective": "self", "refresh": "1 h"}}
    },
    "method.gossip.every": {"method": {"gossip": {"every": "11 min"}}},
    "evaluate.every": {"evaluate": {"every": "1 h"}},
    "churn.failures.0.at": {"churn": {"failures": [{"at": "15 min", "share": "50 %"}]}},
    "churn.arrivals.after": {"churn": {"arrivals": {"share": "50 %", "after": "15 min"}}},
    "links.outages.0.at": {
        "links": {"outages": [{"at": "15 min", "lasts": "1 min", "share": "50 %"}]}
    },
    "links.retransmit.timeout": {"links": {"retransmit": {"timeout": "15 min"}}},
    "method.gossip.protocol.patience": {
        **SERVER,
        "method": {
            "preset": "fedavg",
            "gossip": {"protocol": {"kind": "coordinated", "patience": "5 min"}},
        },
    },
    "method.gossip.flow": {
        "method": {"gossip": {"flow": {"kind": "simple_tokens", "capacity": 40}}}
    },
    "method.memory.max_age": {"method": {"memory": {"keep": "latest_per_peer", "max_age": "10 s"}}},
    "data.stream.samples": {"data": {"stream": {"samples": 10_000}}},
    "method.learn.choose_every": {
        "method": {"learn": {"objective": "nas", "choose_every": 50}},
        "devices": [{"profile": "laptop", "model": {"kind": "mlp", "hidden": [32]}}],
    },
}


@pytest.mark.parametrize("key", LATE)
def test_what_cannot_come_about_is_foreseen(key):
    (text,) = warnings(**LATE[key])
    assert text.startswith(f"{key}: ")


def test_validate_tells_the_place_and_accepts(tmp_path):
    file = tmp_path / "late.yaml"
    file.write_text("duration: 10 min\nagents: 6\nmethod:\n  teachers:\n    warm_up: 1 h\n")
    got = CliRunner().invoke(app, ["validate", str(file)])
    assert got.exit_code == 0
    assert f"warning: {file}:5:14  method.teachers.warm_up: 1 h" in got.stderr
    as_json = CliRunner().invoke(app, ["validate", str(file), "--json"])
    (entry,) = json.loads(as_json.stdout)["scenarios"]
    assert entry["valid"]
    assert entry["warnings"][0]["key"] == "method.teachers.warm_up"


def test_a_run_tells_them_too(tmp_path):
    values = {**SMALL, "duration": "1 min", "method": {"teachers": {"warm_up": "1 h"}}}
    result = simulate(values, out=tmp_path / "run", dry_run=True)
    assert any("warm_up" in text for text in result.warnings)
    assert result.manifest["forewarnings"]


@pytest.mark.parametrize(
    "path", sorted(Path("scenarios").glob("**/preset-*.yaml")), ids=lambda path: path.stem
)
def test_committed_scenarios_plan_what_can_be_done(path):
    assert forewarnings(load_scenario(path).scenario) == []
