"""Inputs that once were misread, hung or crashed, by the command line: what it says now."""

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app

BASE = """
name: c
duration: 20 s
agents: 3
topology: {topology}
data: {{dataset: {{kind: synthetic, rows: 90}}, reference: {{rows: 16}}}}
evaluate: {{every: 20 s}}
"""
GRAPHML = (
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    '<key id="x" for="node" attr.name="x" attr.type="double"/>'
    '<key id="y" for="node" attr.name="y" attr.type="double"/>'
    '<key id="e" for="edge" attr.name="Latency" attr.type="string"/>'
    '<graph edgedefault="undirected"><node id="a"><data key="x">{}</data><data key="y">2</data>'
    '</node><node id="b"><data key="x">0</data><data key="y">2</data></node><node id="c">'
    '<data key="x">1</data><data key="y">2</data></node><edge source="a" target="b">{}</edge>'
    '<edge source="b" target="c"/></graph></graphml>'
)
NODES = '{"nodes": [{"id": "0"}, {"id": "1"}, {"id": "2"}], "links": ['
SGD = "method.learn={objective: response, optimizer: sgd, lr: 1.0e+30}"
DISTANCE = "links.latency={kind: distance, per_unit: 1 ms}"
TRACE = "links.variation={kind: trace, path: v.csv}"
SESSIONS = "churn.sessions={{kind: {}, online: 1 min, offline: 1 min, {}}}"
HUB = "aggregators={who: hub}"
LOCAL = "method.learn={objective: local}"
SERVER = "method.gossip.protocol={kind: coordinated, server_steps: 10, patience: 20 s}"

# A graph file with its text (or none), changes, and words of the refusal.
REFUSED = {
    "edges to numbers, nodes are texts": (
        ("g.json", NODES + '{"source": 0, "target": 1}]}'), [], "there is the text '0'"),
    "a backslash is a character": (
        ("g.txt", "HOST\\a HOST\\b\nHOSTa X\n"), [], "the graph has 4 nodes"),
    "an edge twice, with other attributes": (
        ("g.txt", '0 1 latency="10 ms"\n1 0 latency="90 ms"\n1 2\n'), [], "10 ms and 90 ms"),
    "an attribute near to a known one": (
        ("g.graphml", GRAPHML.format(0, '<data key="e">50 ms</data>')), [],
        "did you mean 'latency'?"),
    "a coordinate nan": (("g.graphml", GRAPHML.format("nan", "")), [DISTANCE], "node 'a': x and y"),
    "a coordinate huge": (
        ("g.graphml", GRAPHML.format("1e300", "")), [DISTANCE], "node 'a': x and y"),
    "JSON nodes that are no objects": (
        ("g.json", '{"nodes": [1, 2], "edges": [[1, 2]]}'), [], "node 1 is not an object"),
    "JSON deep": (("g.json", "[" * 100_000), [], "nested too deeply"),
    "an attribute without end": (
        ("g.edgelist", 'a b {"x": ' + "-" * 100_000 + "}"), [], "too long for one edge"),
    "an empty cell": (("v.csv", "time,uplink,downlink\n0,,1000\n"), [TRACE], "the cell is empty"),
    "mtu 0": (None, ["links.packets={loss: 1 %, mtu: 0 B}"], "must be more than 0"),
    "alpha inf": (
        None, ["data.partition={kind: dirichlet, alpha: .inf}"], "must be a finite number"),
    "slowdown inf": (None, ["devices=[{profile: laptop, slowdown: .inf}]"], "a finite number"),
    "sigma inf": (None, [SESSIONS.format("lognormal", "sigma: .inf")], "must be a finite number"),
    "sigma 40": (None, [SESSIONS.format("lognormal", "sigma: 40")], "must be at most 10"),
    "shape 0.001": (None, [SESSIONS.format("weibull", "shape: 0.001")], "must be at least 0.1"),
    "a rate beyond all": (None, ["links.uplink=1e299 GB/s"], "must be at most"),
    "a header of an exabyte": (None, ["links.header=1e18 B"], "must be at most 1 GB"),
    "a time beyond all": (None, ["evaluate.every=1e306 s"], "must be at most"),
    "a server that learns nothing": (
        None, ["topology=star", HUB, LOCAL, SERVER], "learns from no messages"
    ),
}  # fmt: skip


def invoke(folder, monkeypatch, command, file=None, changes=()):
    """Return what a command on a scenario says, in a folder with *file* in it."""
    topology = "ring"
    if file is not None:
        (folder / file[0]).write_text(file[1])
        topology = f"{{kind: file, path: {file[0]}}}" if file[0].startswith("g.") else "ring"
    (folder / "s.yaml").write_text(BASE.format(topology=topology))
    monkeypatch.chdir(folder)
    sets = [word for change in changes for word in ("--set", change)]
    done = CliRunner().invoke(app, [*command, "s.yaml", *sets])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_its_words(tmp_path, monkeypatch, what):
    file, changes, words = REFUSED[what]
    done = invoke(tmp_path, monkeypatch, ["validate", "--deep"], file, changes)
    assert done.exit_code == 2, done.output
    assert words in done.output


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        (("g.edgelist", "\ufeff0 1\n1 2\n2 0\n"), ()),
        (("g.txt", "O'Hare JFK\nJFK LAX\n"), ()),
        (("v.csv", "time,uplink,downlink\n0,1000,1000\n5,0,0\n9,1000,1000\n"), (TRACE,)),
        (None, ("devices=[{profile: laptop, duty: {period: 1 s, share: 1.0e-9, radio: true}}]",)),
    ],
    ids=["byte order mark", "apostrophe", "a rate of 0", "a tiny duty share"],
)
def test_run_as_they_are(tmp_path, monkeypatch, file, changes):
    command = ["run", "--no-report", "--out", "out"]
    done = invoke(tmp_path, monkeypatch, command, file, changes)
    assert done.exit_code == 0, done.output


def test_a_matrix_that_is_in_seconds_is_remarked(tmp_path, monkeypatch):
    file = ("m.txt", "0 0.08 0.1\n0.08 0 0.05\n0.1 0.05 0\n")
    for unit, remarked in (("ms", True), ("s", False)):
        change = f"links.latency={{kind: matrix, path: m.txt, unit: {unit}}}"
        done = invoke(tmp_path, monkeypatch, ["validate", "--deep"], file, [change])
        assert done.exit_code == 0, done.output
        assert ("the median is 80" in done.output) == remarked


def test_two_groups_of_one_profile_are_two_rows(tmp_path, monkeypatch):
    group = "{profile: laptop, share: 50 %"
    groups = f"devices=[{group}}}, {group}, uplink: 9 kB/s}}]"
    command = ["run", "--no-report", "--out", "out"]
    assert invoke(tmp_path, monkeypatch, command, changes=["agents=4", groups]).exit_code == 0
    told = CliRunner().invoke(app, ["cost", "out"]).output
    assert len([line for line in told.splitlines() if line.strip().startswith("laptop")]) == 2


def test_a_run_that_diverged_says_so(tmp_path, monkeypatch):
    command = ["run", "--no-report", "--out", "out"]
    done = invoke(tmp_path, monkeypatch, command, changes=[SGD])
    assert done.exit_code == 0
    assert "DIVERGED" in done.output
