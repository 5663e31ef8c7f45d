"""The graph's arrays, against NetworkX."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.core.errors import InputError
from p2pkd.world.topology import Topology, require_connected

pairs = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30)


@given(edges=pairs)
def test_arrays_say_what_networkx_says(edges):
    graph = nx.Graph()
    graph.add_nodes_from(range(12))
    graph.add_edges_from((a, b) for a, b in edges if a != b)
    a, b = np.array(edges, int).reshape(-1, 2).T
    topology = Topology.from_edges(12, a, b)
    assert topology.n_edges == graph.number_of_edges()
    assert topology.degree.tolist() == [graph.degree(i) for i in range(12)]
    for i in range(12):
        assert topology.neighbours(i).tolist() == sorted(graph.neighbors(i))
    sizes = sorted((len(part) for part in nx.connected_components(graph)), reverse=True)
    assert topology.component_sizes().tolist() == sizes
    assert nx.utils.graphs_equal(topology.to_networkx(), graph)


def test_attributes_survive_both_ways():
    graph = nx.Graph()
    graph.add_node("b", pos=(0.0, 1.0))
    graph.add_node("a", pos=(2.0, 3.0))
    graph.add_node("c", pos=(4.0, 5.0))
    graph.add_edge("b", "a", latency_s=0.02)
    graph.add_edge("a", "c", bandwidth=5.0)
    topology = Topology.from_networkx(graph)
    assert topology.names == ("b", "a", "c")
    assert topology.positions.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert topology.indices.tolist() == [1, 0, 2, 1]
    np.testing.assert_array_equal(topology.latency_s, [0.02, 0.02, np.nan, np.nan])
    np.testing.assert_array_equal(topology.bandwidth, [np.nan, np.nan, 5, 5])
    again = Topology.from_networkx(topology.to_networkx())
    np.testing.assert_array_equal(again.latency_s, topology.latency_s)
    np.testing.assert_array_equal(again.positions, topology.positions)


def test_of_repeated_edges_the_first_counts():
    topology = Topology.from_edges(3, [0, 1, 2], [1, 0, 2], latency_s=np.array([0.1, 0.2, 0.3]))
    assert topology.edges().tolist() == [[0, 1]]
    assert topology.latency_s.tolist() == [0.1, 0.1]


def test_edges_are_found_from_either_end():
    topology = Topology.from_edges(4, [0, 1], [2, 2])
    assert [topology.edge(0, 2), topology.edge(2, 0), topology.edge(2, 1)] == [0, 2, 3]
    assert topology.edge(0, 1) is None
    assert topology.edge(3, 0) is None


def test_arrays_cannot_be_written_to():
    topology = Topology.from_edges(2, [0], [1])
    with pytest.raises(ValueError, match="read-only"):
        topology.indices[0] = 5


def test_pieces_are_counted_in_the_refusal():
    with pytest.raises(InputError, match=r"on 5 agents falls into 3 pieces .*allow_disconnected"):
        require_connected(Topology.from_edges(5, [0, 1], [1, 2]), "topology.x")
