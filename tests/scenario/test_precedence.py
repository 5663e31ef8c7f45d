"""One precedence for files, `extends`, `--set`, Python overrides and studies (ADR 0016)."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.load import load_changed, load_mapping, load_scenario, read_written
from p2pkd.scenario.resolve import to_plain
from p2pkd.scenario.yaml import Place, node_of
from p2pkd.study.axes import nested
from p2pkd.study.load import load_study

BASES = {
    "plain": "duration: 1 min\nagents: 6\n",
    "full": """
duration: 1 min
agents: 6
topology: {kind: watts_strogatz, k: 4, p: 0.3}
devices:
  - {profile: laptop, share: 50 %, model: {kind: mlp, hidden: [8]}}
  - {profile: laptop, share: 50 %, model: {kind: mlp, hidden: [8]}}
method:
  preset: dml
  memory: {keep: window, n: 3}
  learn: {lr: 0.05, local_steps: 3}
""",
}
# Changes that may come in any order, and what each key is in the end (None: see its kind).
CHANGES = {
    "agents": 7,
    "topology": ["ring", "star", {"kind": "erdos_renyi", "p": 0.4}],
    "topology.kind": ["ring", "watts_strogatz"],
    "topology.k": 2,
    "method.preset": ["d-psgd", "isolated", "dml"],
    "method.learn.objective": ["merge", "mutual", "local"],
    "method.learn": {"objective": "response", "weight": 0.25},
    "method.learn.lr": 0.005,
    "method.learn.optimizer": ["adam", "sgd"],
    "method.learn.optimizer.momentum": 0.5,
    "method.memory": ["once", "window"],
    "method.memory.n": 5,
    "method.send.rows": 9,
    "models.start.kind": ["fresh", "pretrained"],
    "models.start.alike": False,
    "devices": [[{"profile": "laptop"}, {"profile": "laptop"}]],
    "devices.1.model": "linear",
    "evaluate.every": "20 s",
}


@st.composite
def changes(draw):
    keys = draw(st.lists(st.sampled_from(sorted(CHANGES)), unique=True, max_size=7))
    # Two ways to say one thing would be two values for one key.
    if "topology.kind" in keys and "topology" in keys:
        keys.remove("topology.kind")
    if "method.learn" in keys and "method.learn.objective" in keys:
        keys.remove("method.learn")
    values = [CHANGES[key] for key in keys]
    picked = [draw(st.sampled_from(v)) if isinstance(v, list) else v for v in values]
    return list(zip(keys, picked, strict=True))


def outcome(load):
    """Return the resolved scenario, or the keys and messages of what is wrong."""
    try:
        return to_plain(load().scenario)
    except ScenarioError as error:
        return sorted({(problem.key, problem.message) for problem in error.problems})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("precedence")
    for name, text in BASES.items():
        (path / f"{name}.yaml").write_text(text)
    return path


def trees(pairs):
    return [nested(key, node_of(value, Place("test", 1, 1))) for key, value in pairs]


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(sorted(BASES)), changes())
def test_changes_of_different_keys_commute(folder, data, base, pairs):
    written = read_written(folder / f"{base}.yaml")
    shuffled = data.draw(st.permutations(pairs))
    assert outcome(lambda: load_changed(written, trees(pairs))) == (
        outcome(lambda: load_changed(written, trees(shuffled)))
    )


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(BASES)), changes())
def test_no_change_is_ever_dropped(folder, base, pairs):
    """Each key is in the outcome, or is an unknown key, or was given to a list by another key."""
    written = read_written(folder / f"{base}.yaml")
    try:
        whole = load_changed(written, trees(pairs)).scenario.model_dump(mode="json")
    except ScenarioError:
        return  # told, and so not dropped silently
    for key, value in leaves(pairs):
        found = whole
        for part in key.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
        if isinstance(found, dict) and isinstance(value, str):
            found = found.get("kind", found.get("keep", found.get("objective")))
        assert found == value, key


def leaves(pairs):
    """Return the values by key, without those that a key further in changes too."""
    found = {}
    for key, value in pairs:
        entries = value.items() if isinstance(value, dict) else [(None, value)]
        for name, inner in entries:
            found[key if name is None else f"{key}.{name}"] = inner
    further = {key.removesuffix(".kind") for key in found}
    lists = [key for key, value in found.items() if isinstance(value, list)]
    given = dict(pairs)
    return [
        (key, value)
        for key, value in found.items()
        if key not in lists and (key in given or key not in further or key.count("."))
    ]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(BASES)), changes(), st.data())
def test_studies_options_and_python_agree(folder, base, pairs, data):
    """Whichever layer of a study says it, the outcome is that of ``--set``."""
    layers = [data.draw(st.sampled_from(["set", "variant", "matrix"])) for _ in pairs]
    by = {
        layer: [pair for pair, where in zip(pairs, layers, strict=True) if where == layer]
        for layer in ("set", "variant", "matrix")
    }
    study = {
        "name": "s", "base": f"{base}.yaml", "set": dict(by["set"]),
        "variants": {"v": dict(by["variant"])},
        "matrix": {key: {"it": value} for key, value in by["matrix"]},
    }  # fmt: skip
    path = folder / "study.yaml"
    path.write_text(flow(study))
    file = folder / f"{base}.yaml"
    options = [f"{key}={flow(value)}" for key, value in pairs]
    by_option = outcome(lambda: load_scenario(file, options))
    by_tree = outcome(lambda: load_changed(read_written(file), trees(pairs)))
    assert by_option == by_tree
    if isinstance(by_option, dict):
        by_study = outcome(lambda: load_study(path).points[0].loaded)
        threads = by_study["execution"] if isinstance(by_study, dict) else None
        graph = isinstance(by_study, list) and all(key == "topology" for key, _ in by_study)
        assert graph or by_study == {**by_option, "execution": threads}


def flow(value):
    """Return *value* as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def study(folder, text):
    (folder / "x.yaml").write_text(text)
    return [point.loaded.scenario for point in load_study(folder / "x.yaml").points]


def test_what_all_runs_share_holds_for_a_variant_with_another_preset(folder):
    """The learning rate was dropped, silently, where a variant named another preset."""
    (found,) = study(
        folder,
        "name: s\nbase: full.yaml\nset: {method.learn.lr: 0.005}\n"
        "variants: {d-psgd: {method.preset: d-psgd}}\n",
    )
    assert (found.method.preset, found.method.learn.lr) == ("d-psgd", 0.005)
    assert found.method.learn.local_steps == 1  # the file's 3 was for another method
    for order in itertools.permutations(["method.learn.lr=.005", "method.preset=d-psgd"]):
        assert load_scenario(folder / "full.yaml", order).scenario.method == found.method


def test_a_variants_own_base_is_changed_alike(folder):
    (folder / "own.yaml").write_text("extends: full.yaml\nmethod: {preset: isolated}\n")
    (found,) = study(
        folder,
        "name: s\nbase: plain.yaml\nset: {method.learn.lr: 0.005, topology.k: 2}\n"
        "variants: {v: {base: own.yaml, method.preset: dml}}\n",
    )
    assert (found.method.preset, found.method.learn.lr, found.topology.k) == ("dml", 0.005, 2)


def test_later_layers_of_a_study_hold(folder):
    text = "name: s\nbase: plain.yaml\nset: {name: a, seed: 1}\n"
    for more, name in [
        ("variants: {v: {name: b}}\n", "b"),
        ("matrix: {name: [c]}\n", "c"),
        ("zip: {name: [d]}\n", None),
    ]:
        text += more
        if name:
            assert study(folder, text)[0].name == name
    with pytest.raises(ScenarioError, match=r"zip\.name: is in matrix too"):
        study(folder, text)
    assert [found.seed for found in study(folder, "name: s\nbase: plain.yaml\nset: {seed: 1}\nseeds: [3]\n")] == [3]  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("text", "place", "key"),
    [
        ("set: {topology.k: 2}\nvariants: {v: {topology: star}}", (3, 7), "topology.k"),
        (
            "set: {topology: {kind: ring, k: 2}}\nvariants: {v: {topology.kind: star}}",
            (3, 30),
            "topology.k",
        ),
        (
            "set: {method.learn.mixing: age}\nmatrix: {method.preset: [dml]}",
            (3, 7),
            "method.learn.mixing",
        ),
    ],
)
def test_a_key_that_the_new_kind_has_not_is_an_error_where_it_is_given(folder, text, place, key):
    with pytest.raises(ScenarioError) as caught:
        study(folder, f"name: s\nbase: full.yaml\n{text}\n")
    (problem,) = caught.value.problems
    assert problem.key == key
    assert problem.message.startswith("unknown key")
    assert problem.line == place[0]


def test_changes_of_an_item_and_of_its_list_go_together(folder):
    options = ["devices.1.model=linear", "devices=[{profile: laptop}, {profile: server}]"]
    for order in itertools.permutations(options):
        devices = load_scenario(folder / "full.yaml", order).scenario.devices
        assert [device.profile for device in devices] == ["laptop", "server"]
        assert devices[1].model.kind == "linear"
    with pytest.raises(ScenarioError, match=r"devices\.1: no such item; there are 1"):
        load_scenario(folder / "full.yaml", [options[0], "devices=[{profile: laptop}]"])


def test_nothing_takes_the_place_of_a_mapping(folder):
    options = ["churn.failures=[{at: 1 s, share: 50 %}]", "churn=null"]
    assert load_scenario(folder / "plain.yaml", options).scenario.churn is None


def test_what_a_file_loses_is_told(folder):
    told = (
        f"method.memory.keep: window, method.learn.local_steps: 3 of {folder / 'full.yaml'} are"
        " not used: the preset d-psgd replaces its method",
    )
    options = ["method.preset=d-psgd", "method.learn.lr=0.1"]
    assert load_scenario(folder / "full.yaml", options).unused == told
    run = CliRunner().invoke
    args = [str(folder / "full.yaml"), *(f"--set={option}" for option in options)]
    assert run(app, ["validate", *args]).stdout.splitlines()[1] == f"{folder}/full.yaml: {told[0]}"
    assert "preset d-psgd replaces" in " ".join(run(app, ["show", *args]).stdout.split("\n#   "))
    assert load_scenario(folder / "full.yaml").unused == ()


def test_keys_that_mean_nothing_in_the_new_kind_are_not_worth_a_word(folder):
    """A star has no degree; the same learning rate, given or by default, is no loss."""
    assert load_scenario(folder / "full.yaml", ["topology=star"]).unused == ()
    base = {"duration": "1 min", "agents": 6, "method": {"preset": "dml", "learn": {"lr": 0.05}}}
    found = load_mapping(base, ["method.preset=d-psgd"]).unused
    assert found == ()


def test_files_start_a_part_anew_where_they_name_another_preset(folder):
    """Files are whole descriptions; the lowest one's rate was for its own method."""
    (folder / "over.yaml").write_text("extends: full.yaml\nmethod: {preset: d-psgd}\n")
    loaded = load_scenario(folder / "over.yaml")
    assert loaded.scenario.method.learn.local_steps == 1
    assert "the preset d-psgd replaces its method" in loaded.unused[0]


STUDIES = sorted(Path("scenarios/studies").glob("*.yaml"))


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, id=p.stem, marks=[pytest.mark.long] * (p.stem == "methods")) for p in STUDIES],
)
def test_committed_studies_load(path):
    load_study(path)  # methods: 45 settings of 4 values each; test_sixteen_pitfalls.py loads it too
