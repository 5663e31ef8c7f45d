"""A graph that changes answers as one that was built anew."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.world.neighbourhood import Neighbourhood
from p2pkd.world.topology import Topology

N = 6
edges = st.tuples(st.integers(0, N - 1), st.integers(0, N - 1), st.booleans())


@given(st.lists(edges, max_size=40))
def test_edges_that_come_and_go(changes):
    graph = Neighbourhood(Topology.from_edges(N, [0, 1, 2], [1, 2, 3]))
    there = {(0, 1), (1, 2), (2, 3)}
    for a, b, up in changes:
        before = graph.changes
        pair = (min(a, b), max(a, b))
        changed = a != b and (pair in there) != up
        graph.set_edge(a, b, up)
        if changed:
            there ^= {pair}
        assert graph.changes == before + changed
    ends = np.array(sorted(there), np.int64).reshape(-1, 2)
    fresh = Topology.from_edges(N, ends[:, 0], ends[:, 1])
    for i in range(N):
        assert graph.neighbours(i).tolist() == fresh.neighbours(i).tolist()
        assert graph.degree(i) == fresh.degree[i]
        assert [graph.joined(i, j) for j in range(N)] == [
            (min(i, j), max(i, j)) in there for j in range(N)
        ]


def test_a_new_graph_forgets_what_was_changed():
    graph = Neighbourhood(Topology.from_edges(3, [0], [1]))
    graph.set_edge(1, 2, True)
    graph.replace(Topology.from_edges(3, [0], [2]))
    assert [graph.neighbours(i).tolist() for i in range(3)] == [[2], [], [0]]
    assert graph.changes == 2
