"""Files as people have them: read right, or refused by name and place."""

import io
import json
from contextlib import suppress
from itertools import islice
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from p2pkd.core.errors import InputError, TraceError
from p2pkd.core.remarks import collecting
from p2pkd.core.rng import Streams
from p2pkd.core.units import SIZE
from p2pkd.scenario.dynamics import Contacts, EdgeList
from p2pkd.scenario.graph_options import GraphOptions
from p2pkd.scenario.link_options import MahimahiVariation, TraceVariation
from p2pkd.scenario.links import ConstantLatency, LinksSpec, MatrixLatency
from p2pkd.scenario.load import load_mapping
from p2pkd.scenario.topology import Ring
from p2pkd.world.devices import build_devices
from p2pkd.world.dynamics import Setting, build_history
from p2pkd.world.formats.clock import FileClock
from p2pkd.world.graph_files import read_graph
from p2pkd.world.graphs import build_topology
from p2pkd.world.latency import build_delay
from p2pkd.world.links import Links
from p2pkd.world.names import Names
from p2pkd.world.rtt_matrix import read_rtt_matrix
from p2pkd.world.session_trace import read_sessions
from p2pkd.world.tables import read_table
from p2pkd.world.topology import Topology
from p2pkd.world.variation import build_variation


def graph(tmp_path, name, text, **options):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return read_graph(name, tmp_path, GraphOptions.model_validate(options))


def refused(tmp_path, name, text, words, **options):
    with pytest.raises(TraceError, match=words):
        graph(tmp_path, name, text, **options)


# -- names -----------------------------------------------------------------------------------------


def test_whole_numbers_are_ordered_by_number(tmp_path):
    topology = graph(tmp_path, "g.txt", "3 0\n0 1\n1 2\n2 3\n")
    assert topology.names is None
    assert Names(topology).all_of([0, "3"], "x") == [0, 3]
    assert topology.neighbours(0).tolist() == [1, 3]


def test_one_based_graphs_and_zero_based_traces_are_not_merged(tmp_path):
    topology = graph(tmp_path, "g.txt", "10 9\n9 1\n")
    assert topology.names == ("1", "9", "10")
    (tmp_path / "s").write_text("0, 0, 30\n10, 0, 5\n")
    with pytest.raises(TraceError, match=r"s:1: there is no agent '0'; known: 1, 9, 10"):
        read_sessions(tmp_path / "s", topology, absolute=False)
    (tmp_path / "s").write_text("10, 0, 5\n")
    assert read_sessions(tmp_path / "s", topology, absolute=False) == {2: [0, 5]}


def test_a_generated_graph_is_called_by_numbers():
    """NetworkX lists the nodes of a random regular graph in the order of its edges."""
    from p2pkd.scenario.topology import RandomRegular

    topology = build_topology(RandomRegular(k=4), 20, Streams(1), Path())
    assert topology.names is None
    assert Names(topology).find("7") == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2\n2 server\n", "named by whole numbers .'1'., others not .'server'."),
        ("1 2\n2 01\n", "nodes '1' and '01' are one number"),
    ],
)
def test_mixtures_are_refused(tmp_path, text, words):
    refused(tmp_path, "g.txt", text, words)


CORE = {"name": "x", "rate": "1 MB/s"}


@pytest.mark.parametrize("key", ["core", "outages", "failures", "around", "aggregators"])
def test_keys_name_agents_as_the_file_does(key, tmp_path):
    from p2pkd.core.records import Observer
    from p2pkd.engine.assemble import assemble

    def scenario(name):
        values = {
            "duration": "10 s",
            "agents": 3,
            "topology": {
                "kind": "graph",
                "nodes": ["b", "a", "c"],
                "edges": [["b", "a"], ["b", "c"]],
            },
        }
        at = {"at": "1 s", "lasts": "2 s", "agents": [name]}
        values |= {
            "core": {"links": {"transport": "fair", "core": [{**CORE, "agents": [name]}]}},
            "outages": {"links": {"outages": [at]}},
            "failures": {"churn": {"failures": [at]}},
            "around": {"churn": {"failures": [{"at": "1 s", "around": name}]}},
            "aggregators": {"aggregators": {"who": [name]},
                            "method": {"preset": "fedavg"}},
        }[key]  # fmt: skip
        loaded = load_mapping(values)
        simulation = assemble(loaded.scenario, Streams(0), Path(), Observer(), dry_run=True)
        simulation.shared.learner.close()
        return simulation

    with pytest.raises(InputError, match="there is no agent 0; known: b, a, c"):
        scenario(0)
    simulation = scenario("b")
    if key == "failures":
        assert simulation.churn.failures[0][1] == [0]
    if key == "around":
        assert sorted(simulation.churn.failures[0][1]) == [0, 1, 2]


# -- nothing is made up ----------------------------------------------------------------------------


def node_link(*ids, links=(), **more):
    nodes = [{"id": i} for i in ids]
    return json.dumps({"nodes": nodes, "links": [{"source": e[0], "target": e[1]} for e in links],
                       **more})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (node_link("0", "1", links=[(0, 1)]), "the number 0, but no node is called so; there is the text '0'"),  # noqa: E501
        (node_link("a", "b", links=[("a", "B")]), "the text 'B', but no node is called so; there is the text 'b'"),  # noqa: E501
        (node_link("a", "b", links=[("a", "c")]), "goes to the text 'c', but no node"),
        (node_link("a", 1), "of two kinds: the text 'a' and the number 1"),
        (node_link("a", "a"), "node 'a' is listed twice"),
        (node_link(1.0), "the id 1.0; ids are texts or whole numbers"),
        ('{"nodes": [], "links": [], "edges": []}', "found 'edges', 'links'"),
        ('{"nodes": [{"id": 1, "id": 2}], "links": []}', r"g.json:1:2?: ?.*'id' is there twice|twice"),  # noqa: E501
        ("[" * 100_000, "nested too deeply"),
        ('{"nodes": [{"id": ' + "1" * 5000 + "}]}", "too many digits"),
    ],
)  # fmt: skip
def test_json_that_does_not_agree_with_itself(tmp_path, text, words):
    refused(tmp_path, "g.json", text, words)


def test_repeated_edges(tmp_path):
    text = '0 1 latency="10 ms"\n1 0 latency="90 ms"\n1 2 latency="5 ms"\n'
    refused(tmp_path, "g.txt", text, r"g.txt:2:1: edge 1 - 0 is there again \(before in line 1\)")
    first = graph(tmp_path, "g.txt", text, repeated="first")
    assert first.latency_s.tolist() == [0.01, 0.01, 0.005, 0.005]
    each = graph(tmp_path, "g.txt", text, directed=True)
    assert each.latency_s.tolist() == [0.01, 0.09, 0.005, 0.005]
    with collecting() as said:
        graph(tmp_path, "h.txt", "a b\nb a\na a\n")
    assert [text.split(": ", 1)[1] for text in said] == [
        "1 edge is given more than once; the first counts",
        "1 edge is from a node to itself left out",
    ]


def test_directions_of_a_directed_graph_keep_their_delays(tmp_path):
    made = nx.DiGraph([("a", "b", {"latency": "10 ms"}), ("b", "a", {"latency": "90 ms"}),
                       ("b", "c", {"latency": "5 ms"})])  # fmt: skip
    nx.write_graphml(made, tmp_path / "g.graphml")
    with collecting() as said:
        topology = read_graph("g.graphml", tmp_path)
    assert any("one direction only" in text for text in said)
    assert any("differ by direction" in text for text in said)
    delay = build_delay(ConstantLatency(value="1 s"), topology, Streams(0), Path())
    links = Links(np.ones(3), np.ones(3), topology, delay)
    pairs = [(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)]
    assert [links.latency(a, b) for a, b in pairs] == [0.01, 0.09, 0.005, 0.005, 1, 1]


@pytest.mark.parametrize("name", ["Latency", "delay", "LinkSpeed", "Bandwidth", "rtt", "latancy"])
def test_attributes_near_to_a_known_one(tmp_path, name):
    nx.write_graphml(nx.Graph([("a", "b", {name: "5 ms"})]), tmp_path / "g.graphml")
    with pytest.raises(TraceError, match=f"the edge attribute '{name}' is not read; did you mean"):
        read_graph("g.graphml", tmp_path)
    read_graph("g.graphml", tmp_path, GraphOptions(ignore=(name,)))


def test_attributes_by_another_name_and_unit(tmp_path):
    nx.write_graphml(nx.Graph([("a", "b", {"delay": 5.0, "cap": 8, "colour": "red"})]),
                     tmp_path / "g.graphml")  # fmt: skip
    options = {"latency": {"attribute": "delay", "unit": "1 ms"},
               "bandwidth": {"attribute": "cap", "unit": "1 Mbit/s"}}  # fmt: skip
    with collecting() as said:
        topology = read_graph("g.graphml", tmp_path, GraphOptions.model_validate(options))
    assert topology.latency_s.tolist() == [0.005, 0.005]
    assert topology.bandwidth.tolist() == [1e6, 1e6]
    assert said == [f"{tmp_path / 'g.graphml'}: edge attributes not used: 'colour'"]


@pytest.mark.parametrize(
    ("x", "words"), [("nan", "node 'b': x and y"), ("1e300", "node 'b': x and")]
)
def test_coordinates_are_finite(tmp_path, x, words):
    made = nx.Graph([("a", "b")])
    nx.set_node_attributes(made, {"a": 1.0, "b": float(x)}, "x")
    nx.set_node_attributes(made, 2.0, "y")
    nx.write_graphml(made, tmp_path / "g.graphml")
    with pytest.raises(TraceError, match=words):
        read_graph("g.graphml", tmp_path)


# -- text ------------------------------------------------------------------------------------------


def test_bom_crlf_backslashes_and_apostrophes(tmp_path):
    ring = graph(tmp_path, "g.edgelist", "\ufeff0 1\r\n1 2\r\n2 0\r\n")
    assert (ring.n, ring.n_edges, ring.names) == (3, 3, None)
    hosts = graph(tmp_path, "g.txt", "HOST\\a HOST\\b\nHOSTa X\n")
    assert hosts.names == ("HOST\\a", "HOST\\b", "HOSTa", "X")
    assert graph(tmp_path, "g.txt", "O'Hare JFK\nJFK LAX\n").names == ("O'Hare", "JFK", "LAX")
    assert graph(tmp_path, "g.txt", "C# b  # a language\n").names == ("C#", "b")


@pytest.mark.parametrize("name", ["g.txt", "g.csv", "g.json", "g.graphml", "g.gexf", "g.gml"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a b\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("a b\n".encode("utf-16-le"), "is UTF-16 without a mark"),
        ("é b\n".encode("latin-1"), r":1: cannot be read as UTF-8 \(byte 0xe9\)"),
    ],
)
def test_encodings_are_refused_by_name(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TraceError, match=words):
        read_graph(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("g.txt", "a;b\n", "separated by semicolons"),
        ("g.txt", "new york,boston\n", "has commas and spaces"),
        ("g.csv", "a,b,1,2\n", "4 columns without names"),
        ("g.csv", "source,target,x,x\na,b,1,2\n", "has column 'x' twice"),
        ("g.csv", "a,\n", "an empty cell in place of a node"),
        ("g.txt", 'a "b\n', "a double quote is not closed"),
        ("g.txt", "a b {'x': " + "[" * 5000 + "}\n", "is not a dictionary"),
        ("g.txt", "a b 0.5\n", "the third column has no meaning"),
    ],
)
def test_edge_lists_that_are_wrong(tmp_path, name, text, words):
    refused(tmp_path, name, text, words)


def test_tables(tmp_path):
    def table(text):
        (tmp_path / "t.csv").write_bytes(text.encode())
        return read_table(tmp_path / "t.csv")

    rows = table('# phones\r\nname,v\r\n"a, b",1 kB\r\n')
    assert [(row.values["name"], row.quantity("v", SIZE)) for row in rows] == [("a, b", 1000)]
    for text, words in [
        ("a;b\n1;2\n", r"t.csv:1: cells are separated by semicolons; write commas"),
        ("a b\n1 2\n", "separated by spaces"),
        ("a\tb\n1\t2\n", "separated by tabs"),
        ("0,1\n2,3\n", "there is no header"),
        ("a,b,a\n1,2,3\n", r"t.csv:1:5: the header has column 'a' twice"),
    ]:
        with pytest.raises(TraceError, match=words):
            table(text)
    (row,) = table("time,uplink\n0,\n")
    with pytest.raises(TraceError, match=r"t.csv:2:3: uplink: the cell is empty"):
        row.get("uplink")


# -- formats ---------------------------------------------------------------------------------------

SAMPLE = nx.Graph(
    [("b", "a", {"latency": "5 ms", "bandwidth": "8 Mbit/s"}), ("a", "c d", {"latency": "7 ms"})]
)


@pytest.mark.parametrize("ending", ["graphml", "gexf", "gml", "json", "adjacency", "edgelist"])
def test_what_networkx_writes(tmp_path, ending):
    if ending == "adjacency":
        (tmp_path / "g.json").write_text(json.dumps(nx.adjacency_data(SAMPLE)))
    elif ending == "json":
        (tmp_path / "g.json").write_text(json.dumps(nx.node_link_data(SAMPLE, edges="edges")))
    elif ending == "edgelist":
        nx.write_edgelist(nx.relabel_nodes(SAMPLE, {"c d": "c"}), tmp_path / "g.edgelist")
    else:
        getattr(nx, f"write_{ending}")(SAMPLE, tmp_path / f"g.{ending}")
    with collecting() as said:
        topology = read_graph(f"g.{'json' if ending == 'adjacency' else ending}", tmp_path)
    assert said == []
    assert topology.names == ("b", "a", "c" if ending == "edgelist" else "c d")
    assert topology.latency_s.tolist() == [0.005, 0.005, 0.007, 0.007]
    np.testing.assert_array_equal(topology.bandwidth, [1e6, 1e6, np.nan, np.nan])


def test_weighted_edge_lists(tmp_path):
    weighted = nx.Graph()
    weighted.add_weighted_edges_from([(2, 1, 5.0), (1, 0, 7.5)])
    nx.write_weighted_edgelist(weighted, tmp_path / "g.txt")
    options = {"latency": {"attribute": "weight", "unit": "1 ms"}}
    topology = read_graph("g.txt", tmp_path, GraphOptions.model_validate(options))
    assert topology.latency_s.tolist() == [0.0075, 0.0075, 0.005, 0.005]
    commas = graph(tmp_path, "g.csv", "2,1,5\n1,0,7.5\n", **options)
    assert commas.latency_s.tolist() == topology.latency_s.tolist()
    assert read_graph("g.txt", tmp_path, GraphOptions(ignore=("weight",))).latency_s is None


def test_gephis_table_of_edges(tmp_path):
    text = (
        "Source,Target,Type,Id,Label,timeset,Weight\n"
        "0,1,Undirected,0,,,1.0\n1,2,Undirected,1,,,1.0\n"
    )
    topology = graph(tmp_path, "edges.csv", text)
    assert topology.edges().tolist() == [[0, 1], [1, 2]]


GEPHI = """<?xml version='1.0' encoding='UTF-8'?>
<gexf xmlns="http://gexf.net/1.3" version="1.3" xmlns:viz="http://gexf.net/1.3/viz">
  <meta lastmodifieddate="2024-01-01"><creator>Gephi 0.10</creator></meta>
  <graph defaultedgetype="undirected" mode="static">
    <attributes class="edge" mode="static">
      <attribute id="latency" title="latency" type="string"/>
    </attributes>
    <nodes>
      <node id="1" label="hub">
        <viz:size value="10.0"/><viz:position x="1.5" y="-2"/><viz:color r="1" g="2" b="3"/>
      </node>
      <node id="0" label="leaf"><viz:position x="0" y="4"/></node>
    </nodes>
    <edges>
      <edge id="0" source="1" target="0" weight="1.0">
        <attvalues><attvalue for="latency" value="20 ms"/></attvalues>
      </edge>
    </edges>
  </graph>
</gexf>
"""


def test_gephis_gexf(tmp_path):
    topology = graph(tmp_path, "g.gexf", GEPHI)
    assert topology.names is None
    assert topology.positions.tolist() == [[0, 4], [1.5, -2]]
    assert topology.latency_s.tolist() == [0.02, 0.02]
    assert graph(tmp_path, "g.gexf", GEPHI, names="label").names == ("hub", "leaf")
    refused(
        tmp_path, "g.gexf", GEPHI.replace('target="0"', 'target="7"'), r"g.gexf:15:\d+: an edge"
    )


ZOO = """Creator "Topology Zoo Toolset"
graph [
  label "Small"
  node [ id 0 label "New York" Country "United States" Longitude -74.0 Latitude 40.7 ]
  node [ id 1 label "Z&#252;rich" Longitude 8.5 Latitude 47.4 ]
  edge [ source 0 target 1 LinkLabel "10 Gbps" LinkSpeed "10" LinkSpeedUnits "G"
         LinkSpeedRaw 10000000000.0 ]
]
"""


def test_topology_zoo(tmp_path):
    with collecting() as said:
        topology = graph(tmp_path, "g.gml", ZOO)
    assert topology.names == ("New York", "Zürich")
    assert topology.bandwidth.tolist() == [1.25e9, 1.25e9]
    assert np.hypot(*np.diff(topology.positions, axis=0)[0]) == pytest.approx(6650, rel=0.02)
    assert any("LinkSpeedRaw is used as bandwidth (bit/s" in text for text in said)
    assert any("from Longitude and Latitude, in km" in text for text in said)
    twins = ZOO.replace("Z&#252;rich", "New York")
    refused(tmp_path, "g.gml", twins, r"g.gml:5:3: label 'New York' is that of node '0' too")
    assert graph(tmp_path, "g.gml", twins, names="id").names is None


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("g.graphml", '<!DOCTYPE a [<!ENTITY b "c">]><graphml/>', "has a DOCTYPE"),
        ("g.graphml", "<a>" * 1000, "nested more than 50 deep"),
        ("g.gexf", "<gexf><nodes/></gexf>", r"GEXF has a <graph>"),
        ("g.gml", "graph [ a [ " * 100, "nested more than 50 deep"),
        ("g.gml", "graph [ node [ id 0 ]", "1 lists are not closed"),
        ("g.gml", "graph ] 5", "has no value"),
    ],
)
def test_hostile_markup(tmp_path, name, text, words):
    refused(tmp_path, name, text, words)


def test_a_graph_made_in_python():
    made = nx.Graph()
    made.add_edge(2, 1, latency="20 ms")
    made.add_edge(1, 0, latency="40 ms")
    nx.set_node_attributes(made, {i: np.array([i, 1.0]) for i in made}, "pos")
    for topology in (made, {"graph": made, "ignore": []}):
        spec = load_mapping(
            {"duration": "1 min", "agents": 3, "topology": topology}
        ).scenario.topology
        read = build_topology(spec, 3, Streams(0), Path())
        assert read.latency_s.tolist() == [0.04, 0.04, 0.02, 0.02]
        assert read.positions.tolist() == [[0, 1], [1, 1], [2, 1]]
    with pytest.raises(InputError, match=r"node .0, 0. is a tuple"):
        load_mapping({"duration": "1 min", "topology": nx.grid_2d_graph(2, 2)})


# -- matrices, devices, rates ----------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1e3), ("us", 1e6)])
def test_matrices_in_each_unit(tmp_path, unit, factor):
    (tmp_path / "m.txt").write_text(
        f"# rtt\n0 {0.08 * factor}\n{0.08 * factor}, 0\n".replace(",", "")
    )
    with collecting() as said:
        assert read_rtt_matrix(tmp_path / "m.txt", unit)[0, 1] == pytest.approx(0.08)
    assert said == []


def test_seconds_read_as_milliseconds_are_remarked(tmp_path):
    (tmp_path / "m.txt").write_text("0 0.08\n0.08 0\n")
    with collecting() as said:
        read_rtt_matrix(tmp_path / "m.txt")
    assert "the median is 80 us" in said[0]
    assert "see links.latency.unit" in said[0]


def test_one_way_delays_differ_by_direction(tmp_path):
    (tmp_path / "m.txt").write_text("0 10\n90 0\n")
    topology = Topology.from_edges(2, [0], [1])
    spec = MatrixLatency(path="m.txt", measured="one_way")
    links = Links(
        np.ones(2), np.ones(2), topology, build_delay(spec, topology, Streams(0), tmp_path)
    )
    assert sorted([links.latency(0, 1), links.latency(1, 0)]) == [0.01, 0.09]
    assert LinksSpec(latency=spec).latency == spec


def test_memory_needs_a_unit(tmp_path):
    from p2pkd.scenario.devices import DeviceSpec

    (tmp_path / "d.csv").write_text("RAM,CPU_F_AI_Score\n3072,500\n")

    def devices(**table):
        spec = DeviceSpec(table={"path": "d.csv", **table}, uplink="1 MB/s", downlink="1 MB/s")
        return build_devices([spec], 1, Streams(0), tmp_path).memory_bytes.tolist()

    with pytest.raises(TraceError, match=r"d.csv:2:1: RAM: '3072' has no unit.*table.memory_unit"):
        devices()
    assert devices(memory_unit="1 MB") == [3.072e9]
    with collecting() as said:
        devices(memory_unit="1 GB", score="CPU_F_AI_Score")
    assert said == []  # 3 TB is a large server
    with collecting() as said:
        devices(memory_unit="1 kB", score="CPU_F_AI_Score") and devices(memory_unit="1 B")
    assert "RAM: the median is 3 KiB" in said[0]


def rates(tmp_path, text, count=6, **keys):
    (tmp_path / "v.csv").write_text(text)
    links = Links(np.ones(2), np.ones(2), Topology.from_edges(2, [0], [1]), lambda a, b: 0.0)
    variation = build_variation(TraceVariation(path="v.csv", **keys), links, tmp_path)
    return [(s.time_s, s.uplink[0], s.downlink[0]) for s in islice(variation(), count)]


def test_rates_of_0_are_outages(tmp_path):
    text = "time,uplink,downlink\n0,1000,1000\n10,0,0\n20,1000,1000\n"
    assert rates(tmp_path, text) == [(0, 1000, 1000), (10, 0, 0), (20, 1000, 1000)]
    with pytest.raises(TraceError, match=r"v.csv:2:3: uplink: the cell is empty"):
        rates(tmp_path, "time,uplink,downlink\n0,,1000\n")


def test_an_outage_from_a_trace_stops_transfers(tmp_path):
    import p2pkd

    def run(text, **links):
        (tmp_path / "v.csv").write_text(text)
        links = {"variation": {"kind": "trace", "path": str(tmp_path / "v.csv")}, **links}
        values = {"duration": "1 min", "agents": 3, "topology": "ring", "links": links}
        return p2pkd.simulate(values, out=tmp_path / f"r{len(text)}", dry_run=True)

    free = run("time,uplink,downlink\n0,100000,100000\n")
    none = run("time,uplink,downlink\n0,0,0\n")
    assert free.summary["messages_delivered"] > 0 == none.summary["messages_delivered"]
    with pytest.raises(InputError, match="rates of 0 are outages"):
        run("time,uplink,downlink\n0,0,1\n", transport="fifo")


def test_traces_as_published(tmp_path):
    cooked = "1577836800000 4.5\n1577836801000 0\n1577836802000 3\n"
    keys = {"columns": ["time", "rate"], "both": "rate", "unit": "1 Mbit/s", "time_unit": "ms",
            "begins": "first", "at_end": "repeat"}  # fmt: skip
    assert rates(tmp_path, cooked, 5, **keys) == [
        (0, 562500, 562500), (1, 0, 0), (2, 375000, 375000), (3, 562500, 562500), (4, 0, 0),
    ]  # fmt: skip
    with collecting(until_s=60) as said:
        rates(tmp_path, cooked, **{**keys, "begins": 0, "at_end": "hold"})
    assert "nothing of it falls into the run" in said[0]


def test_mahimahi(tmp_path):
    (tmp_path / "12mbps").write_text("1\n")
    (tmp_path / "t").write_text("\n".join(map(str, [100, 200, 1000, 2500])))
    links = Links(np.ones(2), np.ones(2), Topology.from_edges(2, [0], [1]), lambda a, b: 0.0)
    spec = MahimahiVariation(path="t", downlink="12mbps")
    steps = list(islice(build_variation(spec, links, tmp_path)(), 4))
    assert [(s.time_s, s.uplink[0], s.downlink[0]) for s in steps] == [
        (0, 4500, 1.5e6), (1, 0, 1.5e6), (2, 3000, 1.5e6), (2.5, 4500, 1.5e6),
    ]  # fmt: skip
    for text in ("", "0\n", "5\n4\n", "x\n"):
        (tmp_path / "t").write_text(text)
        with pytest.raises(TraceError):
            build_variation(spec, links, tmp_path)


# -- sessions and contacts -------------------------------------------------------------------------


def test_epochs(tmp_path):
    (tmp_path / "s").write_text("1, 1577836800, 1577836860\n0, 1577836830\n")
    topology = Topology.from_edges(2, [0], [1])
    clock = FileClock("s", 1577836800.0)
    found = read_sessions(tmp_path / "s", topology, absolute=True, clock=clock)
    assert found == {0: [30], 1: [0, 60]}
    assert read_sessions(
        tmp_path / "s", topology, absolute=True, clock=FileClock("s", "first")
    ) == found  # fmt: skip
    with collecting(until_s=120) as said:
        read_sessions(tmp_path / "s", topology, absolute=True)
    assert "nothing of it falls into the run, which is from 0 to 120 s" in said[0]


def history(tmp_path, spec, text, n=4):
    (tmp_path / "c.txt").write_text(text)
    setting = Setting(build_topology(Ring(), n, Streams(0), tmp_path), Ring(), Streams(0), tmp_path)
    return list(build_history(spec, setting)())


def test_contacts_of_the_one(tmp_path):
    text = "# time\n0 CONN n0 n1 up\n5 C M1 n0 n1 100\n9.5 CONN n1 n0 down\n9.5 CONN n1 n0 down\n"
    with collecting() as said:
        first, *rest = history(tmp_path, Contacts(path="c.txt"), text)
    assert (first.time_s, first.topology.n_edges) == (0, 0)
    assert rest == [(0, None, ((0, 1, True),)), (9.5, None, ((1, 0, False),))]
    assert [text.split(": ", 1)[1] for text in said] == [
        "1 other events than CONN left out", "1 connections that were so already left out",
    ]  # fmt: skip
    for line, words in [
        ("0 CONN n0 p0 up", "'n0' and 'p0' would be one agent"),
        ("0 CONN n0 n9 up", "there is no agent '9'"),
        ("0 CONN n0 n1", "is not of the form"),
        ("0,CONN,n0,n1,up", "is not of the form"),
    ]:
        with pytest.raises(TraceError, match=rf"c.txt:1: .*{words}"):
            history(tmp_path, Contacts(path="c.txt"), line)


@pytest.mark.parametrize("spec", [Contacts(path="c.txt"), EdgeList(path="c.txt")])
@pytest.mark.parametrize("text", ["", "# time\n"])
def test_a_trace_without_lines_is_remarked(tmp_path, spec, text):
    with collecting() as said:
        history(tmp_path, spec, text)
    assert [line.split("c.txt: ")[1] for line in said] == [
        "has no line that changes the graph; edges stay as they begin"
    ]


def test_edge_changes_from_an_epoch(tmp_path):
    spec = EdgeList(path="c.txt", begins=1000, unit="ms")
    changes = history(tmp_path, spec, "0, 0, 2, up\n1500, 0, 1, down\n1 min, 0, 1, up\n")
    assert [change.time_s for change in changes] == [0, 0.5, 59]
    with pytest.raises(TraceError, match="parts are separated by spaces"):
        history(tmp_path, spec, "0 0 2 up\n")


def test_all_mistakes_at_once(tmp_path):
    with pytest.raises(TraceError) as error:
        graph(tmp_path, "g.txt", "a\nb c fast\nd e latency=20\n")
    places = [line.split("g.txt:")[1].split(": ")[0] for line in str(error.value).splitlines()]
    assert places == ["1:1", "2:5"]


def test_readers_do_not_fall_over(tmp_path):
    """A few thousand mutations of files of every kind: read, or refused by name."""
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    nx.write_graphml(SAMPLE, buffer)
    seeds = {
        "g.graphml": buffer.getvalue(),
        "g.gexf": GEPHI.encode(),
        "g.gml": ZOO.encode(),
        "g.json": json.dumps(nx.adjacency_data(SAMPLE)).encode(),
        "g.txt": b"a b latency=\"5 ms\"\nb c {'latency': '1 s'}\nc d 0.5\n",
        "g.csv": b'source,target,latency\na,b,5 ms\nb,c,"1 s"\n',
    }
    done = 0
    for name, seed in seeds.items():
        for _ in range(150):
            content = bytearray(seed)
            for _ in range(rng.integers(1, 6)):
                at = int(rng.integers(len(content)))
                bit = rng.choice([b'"', b"\xff", b"<", b"[", b"1e999", b"", b"\0", b",", b"\n"])
                content[at : at + int(rng.integers(3))] = bit
            (tmp_path / name).write_bytes(bytes(content))
            with suppress(InputError):
                read_graph(name, tmp_path)
            done += 1
    assert done == 900
