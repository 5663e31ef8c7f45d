"""Links that transfers share beside the access links: named ones, and the graph's edges."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import numpy as np

from p2pkd.core.errors import InputError
from p2pkd.engine.transport import SharedLinks
from p2pkd.scenario.link_options import CoreLinkSpec
from p2pkd.scenario.links import LinksSpec
from p2pkd.scenario.topology import StochasticBlock, TopologySpec
from p2pkd.world.names import Names
from p2pkd.world.topology import Topology

CACHED_ROUTES = 1 << 20


def make_shared_links(
    spec: LinksSpec, graph: TopologySpec, topology: Topology
) -> SharedLinks | None:
    """Return what *spec* lets transfers share; None if nothing.

    Raise InputError where a core link names agents that do not exist, or edges have no bandwidth.
    """
    if not spec.core and not spec.along_edges:
        return None
    sites = [_Site(i, core, graph, topology) for i, core in enumerate(spec.core)]
    paths = _Paths(topology, 2 * len(sites)) if spec.along_edges else None
    # A named link has one index for each direction, and so has an edge.
    capacity = [core.rate for core in spec.core for _ in range(2)]
    if paths is not None:
        capacity += paths.capacity
    capacity = [spec.scale.rate * rate for rate in capacity]

    def route(source: int, target: int) -> Iterable[int]:
        named = (link for site in sites for link in site.crossed(source, target))
        return (*named, *(paths.route(source, target) if paths else ()))

    return SharedLinks(capacity, route)


class _Site:
    """Who sits behind a named link; everybody is beyond it where it has no agents."""

    def __init__(self, i: int, core: CoreLinkSpec, graph: TopologySpec, topology: Topology) -> None:
        self.link = 2 * i
        self.inside: frozenset[int] | None = None
        where = f"links.core.{i}"
        if core.cluster is not None:
            if not isinstance(graph, StochasticBlock):
                raise InputError(
                    f"{where}.cluster: a {graph.tag_value} graph has no clusters; give agents"
                )
            if core.cluster >= graph.clusters:
                raise InputError(f"{where}.cluster: there are {graph.clusters} clusters, from 0")
            members = np.array_split(np.arange(topology.n), graph.clusters)[core.cluster]
            self.inside = frozenset(members.tolist())
        elif core.agents is not None:
            self.inside = frozenset(Names(topology).all_of(core.agents, f"{where}.agents"))

    def crossed(self, source: int, target: int) -> tuple[int, ...]:
        """Return the link's index: the first direction leads out, or is the only one."""
        if self.inside is None:
            return (self.link,)
        leaves, enters = source in self.inside, target in self.inside
        if leaves == enters:
            return ()
        return (self.link if leaves else self.link + 1,)


class _Paths:
    """Shortest paths over the graph's edges: least latency where edges have one, else fewest hops.

    Among equals the one through lower-numbered nodes.  Paths of a source are found when first used.
    """

    def __init__(self, topology: Topology, first: int) -> None:
        if topology.bandwidth is None:
            raise InputError(
                "links.along_edges: no edge of this graph has a bandwidth; give the edges of a "
                'graph file one, such as bandwidth="10 Mbit/s"'
            )
        self.topology = topology
        self.first = first
        self.capacity = np.where(np.isnan(topology.bandwidth), np.inf, topology.bandwidth).tolist()
        latency = topology.latency_s
        hops = np.ones(len(topology.indices))
        self.weight = hops if latency is None else np.where(np.isnan(latency), 0.0, latency)
        self._before: dict[int, list[int]] = {}
        self._routes: dict[tuple[int, int], tuple[int, ...]] = {}

    def route(self, source: int, target: int) -> tuple[int, ...]:
        """Return the indices of the edges from *source* to *target*; none if there is no path."""
        known = self._routes.get((source, target))
        if known is None:
            if len(self._routes) >= CACHED_ROUTES:
                self._routes.clear()
            known = self._routes[source, target] = self._find(source, target)
        return known

    def _find(self, source: int, target: int) -> tuple[int, ...]:
        before = self._before.get(source)
        if before is None:
            before = self._before[source] = self._tree(source)
        edges: list[int] = []
        while target != source and before[target] >= 0:
            edge = self.topology.edge(before[target], target)
            assert edge is not None
            edges.append(self.first + edge)
            target = before[target]
        return tuple(reversed(edges))

    def _tree(self, source: int) -> list[int]:
        """Return the node before each on its shortest path from *source* (Dijkstra, 1959)."""
        topology = self.topology
        before, done = [-1] * topology.n, [False] * topology.n
        queue = [(0.0, 0, source, -1)]
        while queue:
            far, hops, node, via = heapq.heappop(queue)
            if done[node]:
                continue
            done[node], before[node] = True, via
            start = int(topology.indptr[node])
            for k, other in enumerate(topology.neighbours(node).tolist(), start):
                if not done[other]:
                    heapq.heappush(queue, (far + float(self.weight[k]), hops + 1, other, node))
        return before
