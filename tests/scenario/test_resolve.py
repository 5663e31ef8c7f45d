"""The whole scenario as a file again."""

from pathlib import Path

import pytest

from p2pkd.scenario.load import load_scenario, scenario_from_dict
from p2pkd.scenario.resolve import to_plain, to_yaml

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_resolved_scenario_loads_to_an_equal_one(path, tmp_path):
    loaded = load_scenario(path)
    text = to_yaml(loaded.scenario)
    (tmp_path / "x.yaml").write_text(text)
    assert load_scenario(tmp_path / "x.yaml").scenario == loaded.scenario
    assert scenario_from_dict(loaded.resolved) == loaded.scenario
    assert loaded.text == path.read_text()


def test_units_tags_first_and_nothing_left_out():
    scenario = scenario_from_dict({"duration": "50 s", "agents": 3, "topology": "ring"})
    lines = to_yaml(scenario).splitlines()
    assert lines[3:6] == [
        "duration: 50 s",
        "agents: 3",
        "topology: {kind: ring, allow_disconnected: false, k: 2}",
    ]
    assert "  header: 64 B" in lines
    assert "    protocol: push" in lines


def test_null_is_written_where_it_is_not_the_default():
    values = {
        "duration": "1 s",
        "agents": 3,
        "topology": {"kind": "topohub", "name": "a", "per_km": None},
    }
    scenario = scenario_from_dict(values)
    assert scenario_from_dict(to_plain(scenario)) == scenario
    assert "per_km:" in to_yaml(scenario)
