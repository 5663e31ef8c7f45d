"""Graph files: what is read, and what is refused where."""

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from p2pkd.core.errors import InputError, TraceError
from p2pkd.core.rng import Streams
from p2pkd.scenario.topology import GraphFile
from p2pkd.world.graph_files import read_graph
from p2pkd.world.graphs import build_topology

SHIPPED = Path(__file__).parents[2] / "topologies"


def write(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    return lambda: read_graph(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "nodes", "edges", "attributed", "placed"),
    [
        ("two-clusters.edgelist", 16, 57, True, False),
        ("ring-of-cliques.edgelist", 24, 64, False, False),
        ("edge-fog-cloud.graphml", 21, 20, True, False),
        ("campus.json", 24, 44, True, True),
        ("neighbourhood-mesh.graphml", 24, 53, True, True),
    ],
)
def test_shipped_graphs(name, nodes, edges, attributed, placed):
    topology = build_topology(GraphFile(path=name), nodes, Streams(0), SHIPPED)
    assert (topology.n, topology.n_edges) == (nodes, edges)
    assert (topology.latency_s is not None) is attributed
    assert (topology.bandwidth is not None) is attributed
    assert (topology.positions is not None) is placed
    assert f"`{name}` | {nodes}, {edges} |" in (SHIPPED / "README.md").read_text()


def test_readme_names_every_graph():
    files = {path.name for path in SHIPPED.iterdir()} - {"README.md"}
    assert all(f"`{name}`" in (SHIPPED / "README.md").read_text() for name in files)


def test_edge_list(tmp_path):
    topology = write(
        tmp_path,
        "g.edgelist",
        "# a comment\n"
        'hub left latency="20 ms" bandwidth="8 Mbit/s"\n'
        'hub "far right"  # plain\n'
        "\n"
        "left \"far right\" {'latency': '1 s'}\n",
    )()
    assert topology.names == ("hub", "left", "far right")
    assert topology.indices.tolist() == [1, 2, 0, 2, 0, 1]
    np.testing.assert_array_equal(topology.latency_s, [0.02, np.nan, 0.02, 1, np.nan, 1])
    np.testing.assert_array_equal(topology.bandwidth, [1e6, np.nan, 1e6, np.nan, np.nan, np.nan])


@pytest.mark.parametrize("ending", ["graphml", "json", "edgelist"])
def test_what_networkx_writes_is_read(tmp_path, ending):
    graph = nx.Graph([("a", "b", {"latency": "5 ms"}), ("b", "c", {"latency": "7 ms"})])
    if ending == "json":
        (tmp_path / "g.json").write_text(json.dumps(nx.node_link_data(graph, edges="links")))
    else:
        write_graph = nx.write_graphml if ending == "graphml" else nx.write_edgelist
        write_graph(graph, tmp_path / f"g.{ending}")
    topology = read_graph(f"g.{ending}", tmp_path)
    assert topology.names == ("a", "b", "c")
    assert topology.latency_s.tolist() == [0.005, 0.005, 0.007, 0.007]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("g.edgelist", "a b\na\n", r"g\.edgelist:2:1: 'a' does not name two nodes"),
        ("g.edgelist", "a b fast\n", r"g\.edgelist:1:5: 'fast' is not key=value"),
        ("g.edgelist", "a b latency=20\n", r"edge a - b: latency: '20' has no unit"),
        ("g.txt", 'a b bandwidth="0 B/s"\n', r"bandwidth: '0 B/s' must be from 1 bit/s to"),
        ("g.edgelist", "# nothing\n", "has no nodes"),
        ("g.json", "{", r"g\.json:1:2: not JSON: Expecting property name"),
        ("g.json", "[]", 'an object with "nodes"'),
        ("g.graphml", "<graphml", r"g\.graphml:1:1: not XML"),
        ("g.dot", "graph []", r"'\.dot' names no graph format"),
        (
            "g.json",
            '{"nodes": [{"id": 1, "x": "east", "y": 0}], "edges": []}',
            "node 1: x and y must be numbers",
        ),
    ],
)
def test_broken_files_are_refused_with_the_place(tmp_path, name, text, message):
    with pytest.raises(TraceError, match=message):
        write(tmp_path, name, text)()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TraceError, match=r"topology\.file\.path: 'no\.json' does not exist"):
        read_graph("no.json", tmp_path)


def test_as_many_agents_as_nodes():
    with pytest.raises(InputError, match="has 24 nodes but the scenario has 25 agents; set ag"):
        build_topology(GraphFile(path="campus.json"), 25, Streams(0), SHIPPED)
