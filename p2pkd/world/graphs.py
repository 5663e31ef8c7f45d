"""From a topology's specification to its graph: one builder a kind.

Regular shapes are made by array operations at any size.  The random ones come from NetworkX up to
`NETWORKX_LIMIT` agents; above, random regular, Erdős–Rényi and Watts–Strogatz graphs are made by
array operations (large.py), and the others still by NetworkX, which then takes its time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.scenario import topology as specs
from p2pkd.scenario.topology import TopologySpec
from p2pkd.world import large
from p2pkd.world.given_graph import given_graph
from p2pkd.world.graph_files import read_graph
from p2pkd.world.topohub import topohub_graph
from p2pkd.world.topology import Topology, require_connected

NETWORKX_LIMIT = 20_000
COMPLETE_LIMIT = 10_000  # 100 M entries, 0.4 GB
REDRAWS = 20


def build_topology(spec: TopologySpec, n: int, streams: Streams, base: Path) -> Topology:
    """Return the graph of *spec* on *n* agents; files are looked for from *base*.

    A random graph that falls into pieces is drawn again, up to 20 times, so it is conditioned on
    being connected.  Raise InputError if it still does (and that is not allowed), or if *spec* does
    not fit *n*; TraceError if a file is wrong.
    """
    what = f"topology.{getattr(spec, 'kind', type(spec).__name__)}"
    for attempt in range(REDRAWS if isinstance(spec, RANDOM) else 1):
        topology = _build(spec, n, streams.generator("topology", attempt), base)
        if topology.n != n:
            raise InputError(
                f"{what}: the graph has {topology.n} nodes but the scenario has {n} agents; "
                f"set agents: {topology.n}"
            )
        if spec.allow_disconnected or isinstance(spec, CONNECTED):
            return topology
        if len(topology.component_sizes()) <= 1:
            return topology
    require_connected(topology, what)
    return topology


RANDOM = (
    specs.RandomRegular,
    specs.ErdosRenyi,
    specs.WattsStrogatz,
    specs.RandomGeometric,
    specs.StochasticBlock,
)
CONNECTED = (  # by construction, so that a large one need not be searched
    specs.Complete,
    specs.Star,
    specs.Ring,
    specs.Grid,
    specs.BalancedTree,
    specs.BarabasiAlbert,
)


@singledispatch
def _build(spec: TopologySpec, n: int, rng: np.random.Generator, base: Path) -> Topology:
    raise InputError(f"no builder for the topology {type(spec).__name__}")


def register(spec: type[TopologySpec]) -> Any:
    """Return a decorator that makes a function the builder of *spec*.

    The function takes the specification, the number of agents, a random generator and the folder
    that relative paths start from, and returns a `Topology`.
    """
    return _build.register(spec)


@_build.register
def _complete(spec: specs.Complete, n: int, rng: np.random.Generator, base: Path) -> Topology:
    _need(
        n <= COMPLETE_LIMIT,
        f"topology.complete: {n} agents would make {n * (n - 1) // 2:,} edges; at most "
        f"{COMPLETE_LIMIT:,} agents, or topology: {{kind: random_regular, k: 20}}, which mixes "
        f"nearly as fast",
    )
    others = np.arange(n - 1, dtype=np.int32)
    rows = others + (others >= np.arange(n)[:, None])  # skips the node itself
    return Topology(np.arange(n + 1) * (n - 1), rows.astype(np.int32, copy=False).ravel())


@_build.register
def _star(spec: specs.Star, n: int, rng: np.random.Generator, base: Path) -> Topology:
    return Topology.from_edges(n, np.zeros(n - 1, np.int64), np.arange(1, n))


@_build.register
def _ring(spec: specs.Ring, n: int, rng: np.random.Generator, base: Path) -> Topology:
    _need(spec.k < max(n, 3), f"topology.ring.k: {spec.k} must be less than {n} agents")
    nodes, steps = np.arange(n), np.arange(1, spec.k // 2 + 1)
    return Topology.from_edges(
        n, np.repeat(nodes, len(steps)), (nodes[:, None] + steps).ravel() % n
    )


@_build.register
def _grid(spec: specs.Grid, n: int, rng: np.random.Generator, base: Path) -> Topology:
    rows = spec.rows or max(d for d in range(1, int(n**0.5) + 1) if n % d == 0)
    _need(n % rows == 0, f"topology.grid.rows: {rows} does not divide {n} agents")
    _need(
        spec.rows is not None or rows > 1 or n <= 3,
        f"topology.grid: {n} is prime, so the grid would be a line; take {n + 1} agents, or set "
        f"rows: 1 if a line is meant",
    )
    node = np.arange(n).reshape(rows, -1)
    pairs = [(node[:, :-1], node[:, 1:]), (node[:-1], node[1:])]
    if spec.torus:
        pairs += [(node[:, -1], node[:, 0]), (node[-1], node[0])]
    a = np.concatenate([tail.ravel() for tail, _ in pairs])
    b = np.concatenate([head.ravel() for _, head in pairs])
    row, column = np.divmod(np.arange(n), n // rows)
    return Topology.from_edges(n, a, b, positions=np.stack([column, row], 1).astype(np.float64))


@_build.register
def _tree(spec: specs.BalancedTree, n: int, rng: np.random.Generator, base: Path) -> Topology:
    children = np.arange(1, n)
    return Topology.from_edges(n, (children - 1) // spec.branching, children)


@_build.register
def _regular(spec: specs.RandomRegular, n: int, rng: np.random.Generator, base: Path) -> Topology:
    k = spec.k
    _need(k < n, f"topology.random_regular.k: {k} must be less than the {n} agents")
    _need(
        n * k % 2 == 0,
        f"topology.random_regular: agents x k must be even, given {n} x {k}; take k: {k - 1 or 2} "
        f"or agents: {n + 1}",
    )
    if n > NETWORKX_LIMIT:
        return Topology.from_edges(n, *large.random_regular(n, k, rng))
    return _nameless(nx.random_regular_graph(k, n, seed=_seed(rng)))


@_build.register
def _erdos_renyi(spec: specs.ErdosRenyi, n: int, rng: np.random.Generator, base: Path) -> Topology:
    p = spec.p if spec.p is not None else min(1.0, (spec.mean_degree or 0.0) / max(n - 1, 1))
    if n > NETWORKX_LIMIT:
        return Topology.from_edges(n, *large.erdos_renyi(n, p, rng))
    return _nameless(nx.fast_gnp_random_graph(n, p, seed=_seed(rng)))


@_build.register
def _small_world(
    spec: specs.WattsStrogatz, n: int, rng: np.random.Generator, base: Path
) -> Topology:
    _need(spec.k < n, f"topology.watts_strogatz.k: {spec.k} must be less than the {n} agents")
    if n > NETWORKX_LIMIT:
        return Topology.from_edges(n, *large.watts_strogatz(n, spec.k, spec.p, rng))
    return _nameless(nx.watts_strogatz_graph(n, spec.k, spec.p, seed=_seed(rng)))


@_build.register
def _barabasi_albert(
    spec: specs.BarabasiAlbert, n: int, rng: np.random.Generator, base: Path
) -> Topology:
    _need(spec.m < n, f"topology.barabasi_albert.m: {spec.m} must be less than the {n} agents")
    return _nameless(nx.barabasi_albert_graph(n, spec.m, seed=_seed(rng)))


@_build.register
def _geometric(
    spec: specs.RandomGeometric, n: int, rng: np.random.Generator, base: Path
) -> Topology:
    return _nameless(nx.random_geometric_graph(n, spec.radius, seed=_seed(rng)))


@_build.register
def _blocks(spec: specs.StochasticBlock, n: int, rng: np.random.Generator, base: Path) -> Topology:
    c = spec.clusters
    _need(c <= n, f"topology.stochastic_block.clusters: {c} clusters for only {n} agents")
    sizes = [len(part) for part in np.array_split(np.arange(n), c)]
    density = np.full((c, c), spec.p_out)
    np.fill_diagonal(density, spec.p_in)
    return _nameless(nx.stochastic_block_model(sizes, density.tolist(), seed=_seed(rng)))


@_build.register
def _file(spec: specs.GraphFile, n: int, rng: np.random.Generator, base: Path) -> Topology:
    return read_graph(spec.path, base, spec)


@_build.register
def _given(spec: specs.GivenGraph, n: int, rng: np.random.Generator, base: Path) -> Topology:
    return given_graph(spec)


@_build.register
def _topohub(spec: specs.Topohub, n: int, rng: np.random.Generator, base: Path) -> Topology:
    return topohub_graph(spec)


def _nameless(graph: nx.Graph[Any]) -> Topology:
    """Return *graph* without names: the generator's numbers would be other ones than the agents'.

    NetworkX lists the nodes of some random graphs in the order in which it joined them.
    """
    return replace(Topology.from_networkx(graph), names=None)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**32))


def _need(fits: bool, message: str) -> None:
    if not fits:
        raise InputError(message)
