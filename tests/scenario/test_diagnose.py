"""Every mistake with its place and its remedy, all in one pass."""

from pathlib import Path

import pytest

from p2pkd.core.errors import InputError, ScenarioError
from p2pkd.scenario.base import FAMILIES
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.load import load_scenario, scenario_from_dict

GOOD = "duration: 10 min\nagents: 4\n"


def problems(folder: Path, text: str, *overrides: str) -> list[str]:
    path = folder / "x.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides)
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).splitlines()]


def known(family: str) -> str:
    load_kinds()
    import p2pkd.scenario.scenario  # noqa: F401  # its families

    return ", ".join(sorted(FAMILIES[family].members))


BROKEN = {
    "unknown key": (
        GOOD + "method:\n  learn:\n    objective: response\n    temprature: 2\n",
        "x.yaml:6:5  method.learn.temprature: unknown key; did you mean 'temperature'?",
    ),
    "unknown key at the top": (
        GOOD + "evalute: {every: 60 s}\n",
        "x.yaml:3:1  evalute: unknown key; did you mean 'evaluate'?",
    ),
    "key of another member": (
        GOOD + "topology: {kind: ring, p: 0.2}\n",
        "x.yaml:3:24  topology.p: unknown key; known: allow_disconnected, k, kind",
    ),
    "unknown kind": (
        GOOD + "data:\n  partition: {kind: dirichlett}\n",
        "x.yaml:4:21  data.partition.kind: unknown kind 'dirichlett'; did you mean 'dirichlet'?"
        f" known: {known('partitions')}",
    ),
    "unknown shorthand": (
        GOOD + "data:\n  partition: idd\n",
        "x.yaml:4:14  data.partition: unknown kind 'idd'; did you mean 'iid'?"
        f" known: {known('partitions')}",
    ),
    "no kind": (
        GOOD + "links:\n  latency: {median: 60 ms}\n",
        f"x.yaml:4:12  links.latency: needs 'kind:', one of {known('latencies')}",
    ),
    "neither name nor mapping": (
        GOOD + "method: {memory: [1]}\n",
        f"x.yaml:3:18  method.memory: must be one of {known('memories')},"
        " or a mapping with 'keep:', given a list",
    ),
    "missing at the top": (
        "agents: 4\n",
        "x.yaml:1:1  duration: missing; write, for example, 'duration: 30 s'",
    ),
    "missing in a member": (
        GOOD + "links:\n  latency:\n    kind: lognormal\n",
        "x.yaml:5:5  links.latency.median: missing; write, for example, 'median: 30 s'",
    ),
    "missing in a shorthand": (
        GOOD + "topology: file\n",
        "x.yaml:3:11  topology.path: missing; write, for example, 'path: ...'",
    ),
    "not an integer": (
        "duration: 10 min\nagents: three\n",
        "x.yaml:2:9  agents: must be an integer, given 'three'",
    ),
    "a fraction": (
        "duration: 10 min\nagents: 4.5\n",
        "x.yaml:2:9  agents: must be an integer, given 4.5",
    ),
    "below a bound": (
        GOOD + "data: {dataset: {kind: synthetic, classes: 1}}\n",
        "x.yaml:3:44  data.dataset.classes: must be at least 2, given 1",
    ),
    "not above a bound": (
        GOOD + "method: {learn: {objective: local, lr: 0}}\n",
        "x.yaml:3:40  method.learn.lr: must be more than 0, given 0",
    ),
    "not a multiple": (
        GOOD + "topology: {kind: ring, k: 3}\n",
        "x.yaml:3:27  topology.k: must be a multiple of 2, given 3",
    ),
    "no unit": (
        "duration: 600\nagents: 4\n",
        "x.yaml:1:11  duration: needs a unit, given 600; write it like '30 s'",
    ),
    "unknown unit": (
        GOOD + "links: {uplink: 3 Mbps}\n",
        "x.yaml:3:17  links.uplink: unknown unit 'Mbps' in '3 Mbps';"
        " a rate takes B/s, kB/s, MB/s, GB/s, bit/s, kbit/s, Mbit/s, Gbit/s",
    ),
    "no value": (
        "duration:\nagents: 4\n",
        "x.yaml:1:1  duration: has no value; write it like '30 s'",
    ),
    "not one of the words": (
        GOOD + "data: {reference: {delivery: downlod}}\n",
        "x.yaml:3:30  data.reference.delivery: must be 'preloaded' or 'download',"
        " given 'downlod'; did you mean 'download'?",
    ),
    "number or word": (
        GOOD + "method: {send: {rows: al}}\n",
        "x.yaml:3:23  method.send.rows: must be an integer or 'all', given 'al';"
        " did you mean 'all'?",
    ),
    "not a mapping": (
        GOOD + "evaluate: 60 s\n",
        "x.yaml:3:11  evaluate: must be a mapping of keys, given '60 s'",
    ),
    "not a list": (
        GOOD + "devices: {profile: laptop}\n",
        "x.yaml:3:10  devices: must be a list, given a mapping",
    ),
    "empty list": (
        GOOD + "devices: []\n",
        "x.yaml:3:10  devices: needs at least 1 entry, given 0",
    ),
    "inside a list": (
        GOOD + "devices:\n  - {profile: laptop, model: {kind: mlp, hidden: [64, x]}}\n",
        "x.yaml:4:55  devices.0.model.hidden.1: must be an integer, given 'x'",
    ),
    "incomplete device": (
        GOOD + "devices:\n  - flops: 1 GFLOP/s\n",
        "x.yaml:4:5  devices.0: give a profile, or else also memory, uplink, downlink",
    ),
    "several keys that do not go together": (
        GOOD + "devices:\n  - {profile: laptop, share: 60 %}\n",
        "x.yaml:4:3  devices: the shares add up to 60%; they must make 100 %",
    ),
    "duplicate key": (
        GOOD + "agents: 5\n",
        "x.yaml:3:1  agents: duplicate key; first given in line 2",
    ),
    "tag": (
        GOOD + "name: !!python/object:os.system x\n",
        "x.yaml:3:7  name: tag 'tag:yaml.org,2002:python/object:os.system' is not allowed;"
        " scenarios are plain data",
    ),
    "syntax": (
        GOOD + "links: {loss: 1 %\n",
        "x.yaml:4:1  not valid YAML: expected ',' or '}', but got '<stream end>'",
    ),
    "indentation": (
        GOOD + "links:\n  loss: 1 %\n   header: 64 B\n",
        "x.yaml:5:10  not valid YAML: mapping values are not allowed here",
    ),
    "empty file": (
        "# nothing\n",
        "x.yaml:1:1  must be a mapping of keys such as 'duration: 20 min'",
    ),
    "a list": (
        "- agents: 4\n",
        "x.yaml:1:1  must be a mapping of keys such as 'duration: 20 min'",
    ),
    "alias to itself": (
        GOOD + "links: &a\n  loss: *a\n",
        "x.yaml:3:8  links.loss: an alias to a value that contains it",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_place_key_and_message(name, tmp_path):
    text, expected = BROKEN[name]
    assert problems(tmp_path, text)[:1] == [expected]


def test_all_in_one_pass_in_the_order_of_the_file(tmp_path):
    text = "sed: 7\nduration: 20\ntopology: rign\nlinks: {loss: 2, los: 1}\nlinks: {los: 1}\n"
    assert [line.split(":", 3)[:3] for line in problems(tmp_path, text)] == [
        ["x.yaml", "1", "1  agents"],
        ["x.yaml", "1", "1  sed"],
        ["x.yaml", "2", "11  duration"],
        ["x.yaml", "3", "11  topology"],
        ["x.yaml", "5", "1  links"],
        ["x.yaml", "5", "9  links.los"],
    ]


def test_override_is_named_where_it_is_wrong(tmp_path):
    assert problems(tmp_path, GOOD, "method.lern.lr=1", "topology={kind: ring, k: x}", "seed") == [
        "--set seed  must look like 'method.learn.lr=0.1': dotted keys, '=', a value",
    ]
    assert problems(tmp_path, GOOD, "method.lern.lr=1", "topology={kind: ring, k: x}") == [
        "--set method.lern.lr=1  method.lern: unknown key; did you mean 'learn'?",
        "--set topology={kind: ring, k: x}  topology.k: must be an integer, given 'x'",
    ]


def test_inherited_value_is_named_where_it_is_written(tmp_path):
    (tmp_path / "base.yaml").write_text("duration: 1 min\nagents: few\n")
    text = "extends: base.yaml\nseed: -1\n"
    assert problems(tmp_path, text) == [
        "x.yaml:2:7  seed: must be at least 0, given -1",
        "base.yaml:2:9  agents: must be an integer, given 'few'",
    ]


def test_merge_key_keeps_the_place_of_its_source(tmp_path):
    text = GOOD + "devices:\n  - &a {profile: laptop, share: half}\n  - {<<: *a, profile: x}\n"
    assert problems(tmp_path, text) == [
        "x.yaml:4:33  devices.0.share: 'half' is not a share; write it like '50 %' or 0.5",
        "x.yaml:4:33  devices.1.share: 'half' is not a share; write it like '50 %' or 0.5",
    ]


def test_errors_found_later_are_placed_by_the_key_they_begin_with(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(GOOD + "devices:\n  - {profile: laptpo}\n")
    text = "devices.0.profile: no such profile\nthe weather is bad\ntopology.ring.k: odd"
    error = InputError(text)
    loaded = load_scenario(path)
    located = loaded.located(error)
    assert str(located).splitlines() == [
        f"{path}:1:1  the weather is bad",
        f"{path}:1:1  topology.k: odd",
        f"{path}:4:15  devices.0.profile: no such profile",
    ]
    elsewhere = InputError("runs/x: holds a run already")
    assert loaded.located(elsewhere) is elsewhere


def test_dictionary_is_checked_alike():
    with pytest.raises(ScenarioError, match=r"^scenario  agents: must be an integer, given 'x'$"):
        scenario_from_dict({"duration": "1 min", "agents": "x"})
