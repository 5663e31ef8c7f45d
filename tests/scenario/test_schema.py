"""The JSON schema for editors."""

import copy
from pathlib import Path

import jsonschema
import pytest

from p2pkd.scenario.schema import scenario_schema, schema_text
from p2pkd.scenario.yaml import parse

FOLDER = Path(__file__).parents[2] / "scenarios"
SCENARIOS = sorted(FOLDER.glob("*.yaml"))
VALID = {
    "duration": "1 min",
    "agents": 3,
    "topology": {"kind": "ring", "k": 4},
    "links": {"latency": {"kind": "lognormal", "median": "60 ms"}},
    "method": {"learn": {"objective": "response"}},
}


@pytest.fixture(scope="module")
def validator():
    schema = scenario_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_committed_schema_is_current():
    committed = (FOLDER / "scenario.schema.json").read_text()
    assert committed == schema_text(), "run: p2pkd schema > scenarios/scenario.schema.json"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_accepts_the_scenarios(validator, path):
    values = parse(path.read_text(), str(path), []).plain()
    assert [error.message for error in validator.iter_errors(values)] == []


def test_accepts_shorthands_presets_and_partial_files(validator):
    assert validator.is_valid(VALID)
    assert validator.is_valid({**VALID, "topology": "ring"})
    assert validator.is_valid({**VALID, "method": {"preset": "dml", "learn": {"lr": 0.1}}})
    assert validator.is_valid({"extends": "x.yaml", "topology": {"k": 4}})
    assert validator.is_valid({"extends": ["x.yaml", "y.yaml"], "method": {"learn": {"lr": 0.1}}})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("evalute", {}),
        ("duration", 60),
        ("agents", "three"),
        ("topology", "rign"),
        ("topology", {"kind": "ring", "p": 0.2}),
        ("topology", {"k": 4}),
        ("links", {"latency": {"kind": "lognormal"}}),
        ("method", {"learn": {"lr": 0.1}}),
        ("devices", []),
    ],
)
def test_rejects_what_is_broken(validator, key, value):
    values = copy.deepcopy(VALID)
    values[key] = value
    assert not validator.is_valid(values)


def test_defaults_have_units():
    definitions = scenario_schema()["$defs"]
    assert definitions["GossipSpec"]["properties"]["every"]["default"] == "30 s"
    assert definitions["LinksSpec"]["properties"]["header"]["default"] == "64 B"
