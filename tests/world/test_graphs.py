"""Every kind of graph has the degrees that its definition says."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.scenario import topology as specs
from p2pkd.world.graphs import build_topology


def build(spec, n, seed=1):
    return build_topology(spec, n, Streams(seed), Path())


def degrees(spec, n):
    return sorted(build(spec, n).degree.tolist())


def test_degree_sequences():
    assert degrees(specs.Complete(), 6) == [5] * 6
    assert degrees(specs.Star(), 6) == [1] * 5 + [5]
    assert degrees(specs.Ring(), 6) == [2] * 6
    assert degrees(specs.Ring(k=4), 7) == [4] * 7
    assert degrees(specs.Grid(), 12) == [2] * 4 + [3] * 6 + [4] * 2
    assert degrees(specs.Grid(torus=True), 12) == [4] * 12
    assert degrees(specs.Grid(rows=1), 5) == [1, 1, 2, 2, 2]
    assert degrees(specs.RandomRegular(k=3), 10) == [3] * 10
    assert degrees(specs.BalancedTree(branching=3), 13) == [1] * 9 + [3] + [4] * 3
    assert sum(degrees(specs.WattsStrogatz(k=4, p=0.3), 40)) == 4 * 40
    assert sum(degrees(specs.BarabasiAlbert(m=2), 40)) == 2 * 2 * 38


def test_star_and_tree_begin_at_agent_0():
    assert build(specs.Star(), 5).neighbours(0).tolist() == [1, 2, 3, 4]
    assert build(specs.BalancedTree(), 7).neighbours(1).tolist() == [0, 3, 4]


@pytest.mark.parametrize(
    ("spec", "reference"),
    [
        (specs.Ring(), nx.cycle_graph(9)),
        (specs.Complete(), nx.complete_graph(9)),
        (specs.Grid(), nx.convert_node_labels_to_integers(nx.grid_2d_graph(3, 3))),
        (
            specs.Grid(torus=True),
            nx.convert_node_labels_to_integers(nx.grid_2d_graph(3, 3, periodic=True)),
        ),
        (specs.Star(), nx.star_graph(8)),
        (specs.Ring(k=4), nx.circulant_graph(9, [1, 2])),
    ],
)
def test_regular_shapes_equal_those_of_networkx(spec, reference):
    ours = build(spec, 9).edges().tolist()
    assert ours == sorted(sorted(edge) for edge in reference.edges)


@pytest.mark.parametrize("spec", [specs.Ring(), specs.Star(), specs.Complete(), specs.Grid()])
def test_one_and_two_agents(spec):
    assert build(spec, 1).degree.tolist() == [0]
    assert build(spec, 2).degree.tolist() == [1, 1]


def test_edge_probabilities():
    n, p = 300, 0.1
    edges = build(specs.ErdosRenyi(p=p), n).n_edges
    pairs = n * (n - 1) / 2
    assert abs(edges - p * pairs) < 4 * (pairs * p * (1 - p)) ** 0.5
    by_degree = build(specs.ErdosRenyi(mean_degree=10), n).degree
    assert abs(by_degree.mean() - 10) < 4 * (2 * 10 / n) ** 0.5


def test_blocks_are_dense_inside():
    topology = build(specs.StochasticBlock(clusters=3, p_in=0.9, p_out=0.05), 60)
    block = topology.edges() // 20
    inside = (block[:, 0] == block[:, 1]).sum()
    assert abs(inside - 0.9 * 3 * 190) < 60
    assert abs(topology.n_edges - inside - 0.05 * 1200) < 40


def test_geometric_edges_are_those_within_the_radius():
    topology = build(specs.RandomGeometric(radius=0.4), 30)
    apart = np.linalg.norm(topology.positions[:, None] - topology.positions, axis=2)
    joined = np.argwhere(np.triu(apart < 0.4, 1))
    assert topology.edges().tolist() == joined.tolist()


@pytest.mark.parametrize(
    "spec",
    [specs.RandomRegular(), specs.WattsStrogatz(), specs.ErdosRenyi(p=0.3), specs.BarabasiAlbert()],
)
def test_the_seed_makes_the_graph(spec):
    first, again, other = build(spec, 30), build(spec, 30), build(spec, 30, seed=2)
    assert first.indices.tolist() == again.indices.tolist()
    assert first.indices.tolist() != other.indices.tolist()


def test_a_random_graph_is_drawn_again_until_it_is_connected():
    # About one draw in five is in one piece at this density.
    for seed in range(10):
        assert len(build(specs.ErdosRenyi(mean_degree=3.2), 30, seed).component_sizes()) == 1


@pytest.mark.parametrize(
    ("spec", "n", "message"),
    [
        (specs.RandomRegular(k=3), 5, r"agents x k must be even, given 5 x 3; take k: 2"),
        (specs.RandomRegular(k=8), 8, "k: 8 must be less than the 8 agents"),
        (specs.WattsStrogatz(k=6), 6, "k: 6 must be less than"),
        (specs.BarabasiAlbert(m=4), 4, "m: 4 must be less than"),
        (specs.Grid(rows=5), 12, "5 does not divide 12 agents"),
        (specs.Grid(), 23, "23 is prime.*take 24 agents, or set rows: 1"),
        (specs.StochasticBlock(clusters=9), 4, "9 clusters for only 4 agents"),
        (specs.ErdosRenyi(p=0.0), 10, "falls into 10 pieces.*allow_disconnected: true"),
        (specs.Complete(), 20_000, "199,990,000 edges.*random_regular"),
        (specs.Ring(k=6), 5, "6 must be less than 5 agents"),
    ],
)
def test_refusals_say_what_would_be_right(spec, n, message):
    with pytest.raises(InputError, match=message):
        build(spec, n)


def test_pieces_are_accepted_when_allowed():
    topology = build(specs.ErdosRenyi(p=0.0, allow_disconnected=True), 4)
    assert topology.component_sizes().tolist() == [1, 1, 1, 1]
