"""Graphs beyond NetworkX's reach, and the same builders where NetworkX can judge them."""

import math
from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.rng import Streams
from p2pkd.scenario import topology as specs
from p2pkd.world import large
from p2pkd.world.graphs import build_topology
from p2pkd.world.topology import Topology


def graph(n, ends):
    topology = Topology.from_edges(n, *ends)
    assert topology.n_edges == len(ends[0])  # neither loops nor repetitions
    return topology


@pytest.mark.parametrize("k", [1, 3, 4, 10])
def test_random_regular(k):
    topology = graph(1000, large.random_regular(1000, k, np.random.default_rng(k)))
    assert set(topology.degree.tolist()) == {k}


def test_random_regular_triangles_are_as_many_as_in_a_uniform_one():
    # Expected (k - 1)^3 / 6 = 4.5 for k = 4, Poisson (Bollobas, 1980).
    counts = []
    for seed in range(60):
        topology = graph(400, large.random_regular(400, 4, np.random.default_rng(seed)))
        joined = np.zeros((400, 400))
        joined[tuple(topology.edges().T)] = 1
        joined += joined.T
        counts.append(np.trace(joined @ joined @ joined) / 6)
    assert abs(np.mean(counts) - 4.5) < 4 * math.sqrt(4.5 / 60)


def test_erdos_renyi_density():
    n, p = 2000, 0.004
    topology = graph(n, large.erdos_renyi(n, p, np.random.default_rng(0)))
    pairs = n * (n - 1) / 2
    assert abs(topology.n_edges - p * pairs) < 4 * math.sqrt(p * pairs)
    assert graph(6, large.erdos_renyi(6, 1.0, np.random.default_rng(0))).n_edges == 15


def test_watts_strogatz_moves_the_given_share():
    n, k, p = 5000, 6, 0.25
    topology = graph(n, large.watts_strogatz(n, k, p, np.random.default_rng(0)))
    a, b = topology.edges().T
    apart = np.minimum(b - a, n - (b - a))
    stayed = (apart <= k // 2).mean()
    assert abs(stayed - (1 - p)) < 0.015
    assert graph(50, large.watts_strogatz(50, 4, 0.0, np.random.default_rng(0))).degree.max() == 4


@pytest.mark.parametrize(
    "spec", [specs.Ring(), specs.Grid(), specs.RandomRegular(k=4), specs.WattsStrogatz(k=4)]
)
def test_a_hundred_thousand_agents(spec):
    topology = build_topology(spec, 100_000, Streams(3), Path())
    assert topology.n == 100_000
    assert topology.degree.sum() == 2 * topology.n_edges
    assert topology.indices.dtype == np.int32
