"""Named methods below the given keys."""

import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario import presets
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.scenario.resolve import to_plain


def scenario(**method):
    return scenario_from_dict({"duration": "1 min", "agents": 3, "method": method})


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "FOLDER", tmp_path)

    def write(**files):
        for name, method in files.items():
            (tmp_path / f"{name}.yaml").write_text(f"name: {name}\nmethod: {method}\n")

    return write


def valid(name):
    """Return a scenario with the preset *name*, and with what it needs beside the method."""
    values = {"duration": "1 min", "agents": 3, "method": {"preset": name}}
    preset = presets.load_preset(name)
    protocol = preset.part("gossip").get("protocol")
    if "coordinated" in (protocol, isinstance(protocol, dict) and protocol["kind"]):
        values |= {"topology": "star", "aggregators": {"who": "hub"}}
    if preset.part("learn").get("objective") in ("proxy", "proxy_exchange"):
        duo = {"kind": "duo", "private": "linear", "proxy": "linear"}
        values["devices"] = [{"profile": "laptop", "model": duo}]
    return scenario_from_dict(values)


@pytest.mark.parametrize("name", presets.preset_names())
def test_every_preset_is_complete(name):
    preset = presets.load_preset(name)
    assert preset.name == name
    assert all([preset.summary, preset.paper, preset.departures, preset.payload])
    assert valid(name).method.preset == name


def test_given_keys_lie_over_the_preset(own):
    own(a="{send: {rows: 8, codec: int8}, learn: {objective: response, weight: 0.4}}")
    method = scenario(preset="a", send={"rows": 9}, learn={"lr": 0.2}).method
    assert (method.send.rows, method.send.codec.kind) == (9, "int8")
    assert (method.learn.weight, method.learn.lr) == (0.4, 0.2)


def test_preset_may_build_on_another(own):
    own(a="{preset: b, send: {rows: 8}}", b="{send: {rows: 7, codec: int8}}")
    method = scenario(preset="a").method
    assert (method.preset, method.send.rows, method.send.codec.kind) == ("a", 8, "int8")


def test_what_a_preset_sends_may_be_said_by_another(own):
    own(a="{preset: b, send: {rows: 8}}", b="{send: {knowledge: logits, rows: 7, codec: int8}}")
    assert presets.load_preset("a").payload == "logits, 8 rows, int8"


def test_resolved_scenario_does_not_apply_the_preset_twice(own):
    own(a="{memory: {keep: once, max_age: 5 min}, send: {codec: int8}}")
    changed = scenario(preset="a", memory={"max_age": None}, send={"codec": None})
    assert changed.method.memory.max_age is None
    assert scenario_from_dict(to_plain(changed)) == changed


def test_unknown_preset():
    with pytest.raises(
        ScenarioError, match=r"method\.preset: unknown preset 'dmll'; did you mean 'dml'\?"
    ):
        scenario(preset="dmll")


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ("d-distillation", "latest-labels"),
        ("idkd", "confident-labels"),
        ("kt-pfl", "learned-weights"),
        ("selective-fd", "selective-labels"),
        ("sqmd", "similar-peers"),
    ],
)
def test_a_former_name_tells_the_new_one(former, now):
    """A paper's name that stood for less than the paper's method is refused, not reused."""
    assert now in presets.preset_names()
    with pytest.raises(
        ScenarioError, match=rf"method\.preset: preset '{former}' is called '{now}', after what"
    ):
        scenario(preset=former)


def test_circle(own):
    own(a="{preset: b}", b="{preset: a}")
    with pytest.raises(ScenarioError, match="builds on itself: a -> b -> a"):
        scenario(preset="a")


def test_mistake_in_a_preset_is_named_in_its_file(own, tmp_path):
    own(a="{send: {rows: few}}")
    with pytest.raises(ScenarioError) as caught:
        scenario(preset="a", send={"row": 3})
    assert str(caught.value).splitlines() == [
        "scenario  method.send.row: unknown key; did you mean 'rows'?",
        f"{tmp_path}/a.yaml:2:23  method.send.rows: must be an integer or 'all', given 'few'",
    ]
