"""A scenario as a change to another one."""

import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.extends import read_extended
from p2pkd.scenario.load import load_mapping, load_scenario
from p2pkd.scenario.scenario import Scenario


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder / "x.yaml"


def merged(folder, **files):
    path = write(folder, **files)
    return read_extended(path, path.read_text(), Scenario, []).plain()


def message(folder, **files):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write(folder, **files))
    return str(caught.value).replace(f"{folder}/", "")


def test_mappings_merge_and_lists_replace(tmp_path):
    base = "links: {loss: 1 %, header: 64 B}\ndevices: [{profile: a}, {profile: b}]\nagents: 3\n"
    child = "extends: base.yaml\nlinks: {loss: 2 %}\ndevices: [{profile: c}]\n"
    assert merged(tmp_path, base=base, x=child) == {
        "links": {"loss": "2 %", "header": "64 B"},
        "devices": [{"profile": "c"}],
        "agents": 3,
    }


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ("{kind: watts_strogatz, k: 4}", "{p: 0.2}", {"kind": "watts_strogatz", "k": 4, "p": 0.2}),
        ("{kind: watts_strogatz, k: 4}", "{kind: ring}", {"kind": "ring"}),
        ("{kind: watts_strogatz, k: 4}", "ring", "ring"),
        ("{kind: ring, k: 4}", "ring", {"kind": "ring", "k": 4}),
        ("ring", "{k: 4}", {"kind": "ring", "k": 4}),
        ("ring", "{kind: star}", {"kind": "star"}),
        ("{k: 4}", "{kind: ring}", {"k": 4, "kind": "ring"}),
        ("ring", "null", None),
    ],
)
def test_another_kind_replaces_the_whole_mapping(tmp_path, below, above, expected):
    files = {"base": f"topology: {below}\n", "x": f"extends: base.yaml\ntopology: {above}\n"}
    assert merged(tmp_path, **files) == {"topology": expected}


def test_other_tags_than_kind_count_too(tmp_path):
    base = "method: {memory: {keep: window, n: 3}, learn: {objective: response, weight: 0.4}}\n"
    child = "extends: base.yaml\nmethod: {memory: once, learn: {objective: mutual}}\n"
    assert merged(tmp_path, base=base, x=child) == {
        "method": {"memory": "once", "learn": {"objective": "mutual"}}
    }


def test_another_preset_replaces_the_whole_method(tmp_path):
    base = "method: {preset: dml, learn: {lr: 0.1}}\n"
    other = "extends: base.yaml\nmethod: {preset: isolated}\n"
    same = "extends: base.yaml\nmethod: {preset: dml, send: {rows: 8}}\n"
    more = "extends: base.yaml\nmethod: {send: {rows: 8}}\n"
    both = {"preset": "dml", "learn": {"lr": 0.1}, "send": {"rows": 8}}
    assert merged(tmp_path, base=base, x=other) == {"method": {"preset": "isolated"}}
    assert merged(tmp_path, base=base, x=same) == {"method": both}
    assert merged(tmp_path, base=base, x=more) == {"method": both}


def test_later_parents_lie_over_earlier_ones(tmp_path):
    files = {"a": "agents: 1\nseed: 1\nname: a\n", "b": "agents: 2\nseed: 2\n"}
    child = "extends: [a.yaml, b.yaml]\nagents: 3\n"
    assert merged(tmp_path, x=child, **files) == {"agents": 3, "seed": 2, "name": "a"}


def test_parents_are_found_from_the_file_that_names_them(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "mid.yaml").write_text("extends: ../base.yaml\nagents: 2\n")
    files = {"base": "duration: 1 min\n", "x": "extends: deep/mid.yaml\n"}
    assert merged(tmp_path, **files) == {"duration": "1 min", "agents": 2}


def test_cycle_is_refused_with_the_chain(tmp_path):
    files = {"a": "extends: b.yaml\n", "b": "name: b\nextends: a.yaml\n", "x": "extends: a.yaml\n"}
    assert message(tmp_path, **files) == (
        "b.yaml:2:10  extends: extends itself: a.yaml -> b.yaml -> a.yaml"
    )


def test_self_reference_is_a_cycle(tmp_path):
    text = message(tmp_path, x="extends: ./x.yaml\n")
    assert text == "x.yaml:1:10  extends: extends itself: x.yaml -> x.yaml"


def test_missing_parent_is_named_where_it_is_asked_for(tmp_path):
    text = message(tmp_path, x="agents: 3\nextends: [nope.yaml]\n")
    assert text == "x.yaml:2:11  extends: no such file: nope.yaml"


@pytest.mark.parametrize("value", ["3", "{a: b}", "[x.yaml, 3]"])
def test_extends_takes_file_names(tmp_path, value):
    assert "must be a file name or a list of file names" in message(
        tmp_path, x=f"extends: {value}\n"
    )


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ScenarioError, match=r"nope\.yaml  no such file$"):
        load_scenario(tmp_path / "nope.yaml")
    with pytest.raises(ScenarioError, match="is a folder, not a scenario file"):
        load_scenario(tmp_path)


def test_not_text(tmp_path):
    (tmp_path / "x.yaml").write_bytes(b"name: \xff\n")
    with pytest.raises(ScenarioError, match="is not UTF-8 text: invalid start byte at byte 6"):
        load_scenario(tmp_path / "x.yaml")


def test_plain_data_may_extend_a_file_of_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "base.yaml").write_text("duration: 1 min\nagents: 2\n")
    monkeypatch.chdir(tmp_path)
    loaded = load_mapping({"extends": "base.yaml", "agents": 3}, ["name=x"], seed=4)
    scenario = loaded.scenario
    assert (scenario.duration, scenario.agents, scenario.name, scenario.seed) == (60.0, 3, "x", 4)
    assert "agents: 3" in loaded.text
