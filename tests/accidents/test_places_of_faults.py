"""Whatever a scenario names and cannot be used is told of at the key that names it."""

import re

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.core.errors import InputError, ScenarioError, TraceError, about
from p2pkd.run import run
from p2pkd.scenario.load import load_scenario

SCENARIO = """\
name: t
duration: 10 s
agents: 4
topology: {kind: ring}
data: {dataset: digits, reference: {rows: 16}}
evaluate: {every: 5 s}
"""
KEYS = {
    "data.dataset": "data: {{dataset: {{kind: npz, path: {}}}, reference: {{rows: 16}}}}",
    "data.reference.dataset": "data: {{dataset: digits, reference: {{dataset: {{kind: npz,"
    " path: {}}}}}}}",
    "data.partition": "data: {{dataset: digits, partition: {{kind: indices, path: {}}}}}",
    "topology": "topology: {{kind: file, path: {}}}",
    "links.latency": "links: {{latency: {{kind: matrix, path: {}, unit: ms}}}}",
    "links.variation": "links: {{variation: {{kind: trace, path: {}}}}}",
    "churn.sessions": "churn: {{sessions: {{kind: trace, path: {}}}}}",
    "dynamics": "dynamics: {{kind: contacts, path: {}}}",
    "devices.0": "devices: [{{table: {{path: {}}}, model: linear, uplink: 1 MB/s,"
    " downlink: 1 MB/s}}]",
}
IDX = "data: {{dataset: {{kind: idx, path: {}}}}}"


def refusal(folder, line):
    section = line.split(":")[0]
    kept = [text for text in SCENARIO.splitlines() if not text.startswith(f"{section}:")]
    file = folder / "s.yaml"
    file.write_text("\n".join([*kept, line]) + "\n")
    with pytest.raises(InputError) as caught:
        run(load_scenario(file), out=folder / "out")
    assert not (folder / "out").exists()
    return str(caught.value), len(kept) + 1


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("path", ["folder", "none", "'${P2PKD_NOWHERE}/x'", "rubbish.json"])
def test_a_path_that_is_of_no_use(tmp_path, key, path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "rubbish.json").write_bytes(b"\x00{")
    told, line = refusal(tmp_path, KEYS[key].format(path))
    own = path == "rubbish.json" and re.search(r"rubbish\.json:\d+(:\d+)?: ", told)
    assert own or re.match(rf".*s\.yaml:{line}:\d+  {re.escape(key)}[.:]", told), told


@pytest.mark.parametrize("path", ["folder", "file", "none", "'${P2PKD_NOWHERE}/mnist'"])
def test_a_folder_without_images(tmp_path, path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    told, line = refusal(tmp_path, IDX.format(path))
    assert re.match(rf".*s\.yaml:{line}:\d+  data\.dataset[.:]", told), told


def test_what_has_a_place_keeps_it():
    with (
        pytest.raises(TraceError, match=r"^links\.latency: m\.csv: empty$"),
        about("links.latency"),
    ):
        raise TraceError("m.csv: empty")
    for text in ("m.csv:3:1: no number", "links.table: no such column"):
        with pytest.raises(TraceError, match=f"^{text}$"), about("links.latency"):
            raise TraceError(text)
    with pytest.raises(InputError, match=r"^a\.b\.path: gone$"), about("a.b", instead_of="c"):
        raise InputError("c.path: gone")


SERVER = "topology: {{kind: {}}}\naggregators: {{who: hub}}\nmethod: {{preset: fedavg}}"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (SERVER.format("barabasi_albert, m: 1"), "topology: not all are neighbours of agent 0"),
        (
            "topology: {kind: erdos_renyi, p: 0.01}",
            r"topology: the graph on 40 agents falls into \d+ pieces",
        ),
        ("topology: {kind: grid, rows: 3}", "topology.rows: 3 does not divide 40 agents"),
        ("topology: {kind: ring, k: 40}", "topology.k: 40 must be less than 40 agents"),
    ],
)
def test_graphs_that_cannot_be_are_invalid_without_deep(tmp_path, lines, said):
    kept = [text for text in SCENARIO.splitlines() if not text.startswith("topology")]
    file = tmp_path / "s.yaml"
    file.write_text("\n".join([*kept, lines]).replace("agents: 4", "agents: 40") + "\n")
    done = CliRunner().invoke(app, ["validate", str(file)])
    assert done.exit_code == 2
    assert re.match(rf".*s\.yaml:\d+:\d+  {said}", done.stderr), done.stderr


def test_graphs_that_are_too_large_to_be_checked_are_said_to_be(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(SCENARIO.replace("agents: 4", "agents: 3000"))
    done = CliRunner().invoke(app, ["validate", str(file)])
    assert "its graph, of 3,000 agents, is checked with --deep alone" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("dataset: digits", "dataset: synthetic", "devices: model cnn: needs images"),
        (
            "evaluate:",
            "method: {learn: {objective: local, batch: full}}\nevaluate:",
            "method.learn.batch: 'full'",
        ),
    ],
)
def test_what_only_building_can_tell_has_a_place(tmp_path, old, new, key):
    file, text = tmp_path / "s.yaml", SCENARIO.replace(old, new)
    stream = "stream: {tasks: 2}, reference"
    text = text.replace("reference", stream) if "full" in new else text
    file.write_text(text + ("devices: [{profile: laptop, model: cnn}]\n" if "cnn" in key else ""))
    with pytest.raises(ScenarioError, match=rf"s\.yaml:\d+:\d+  {key}"):
        run(load_scenario(file), out=tmp_path / "out")
