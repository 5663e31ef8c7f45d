"""The graph that agents sit on, as frozen arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from p2pkd.core.errors import InputError

if TYPE_CHECKING:
    import networkx as nx

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Topology:
    """An undirected simple graph on nodes 0 to n - 1, in compressed rows (CSR).

    The neighbours of node *i* are ``indices[indptr[i]:indptr[i + 1]]``, in ascending order; each
    edge is stored in both directions.

    Attributes
    ----------
    indptr : ``(n + 1,)``
    indices : ``(2 n_edges,)``
    names : the nodes' names in the file they came from, or None.
    positions : ``(n, 2)``, or None where the graph has none; its unit is that of its source
        (side of the unit square, coordinates of the file, kilometres for topohub).
    latency_s, bandwidth : ``(2 n_edges,)``, one-way seconds and bytes a second of each edge, which
        may differ by direction; nan where an edge has none; None where no edge has any.
    """

    indptr: NDArray[np.int64]
    indices: IntArray
    names: tuple[str, ...] | None = None
    positions: FloatArray | None = None
    latency_s: FloatArray | None = None
    bandwidth: FloatArray | None = None

    def __post_init__(self) -> None:
        for array in (self.indptr, self.indices, self.positions, self.latency_s, self.bandwidth):
            if array is not None:
                array.setflags(write=False)

    @classmethod
    def from_edges(
        cls,
        n: int,
        a: ArrayLike,
        b: ArrayLike,
        *,
        names: tuple[str, ...] | None = None,
        positions: FloatArray | None = None,
        latency_s: FloatArray | None = None,
        bandwidth: FloatArray | None = None,
    ) -> Topology:
        """Build the graph on *n* nodes whose edges join ``a[e]`` and ``b[e]``.

        Self-loops are dropped, and of repeated edges the first is kept with its attributes
        (*latency_s*, *bandwidth*: one number an edge, or ``(n_edges, 2)``: a to b, and back).
        """
        tails, heads = np.asarray(a, np.int64), np.asarray(b, np.int64)
        # Both directions of an edge side by side, so that the first of repeated edges wins in both.
        keys = np.stack([tails * n + heads, heads * n + tails], axis=1).ravel()
        proper = np.repeat(tails != heads, 2)
        way = np.arange(2 * len(tails))[proper]
        keys, first = np.unique(keys[proper], return_index=True)
        counts = np.bincount(keys // n if n else keys, minlength=n)
        return cls(
            indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            indices=(keys % max(n, 1)).astype(np.int32),
            names=names,
            positions=positions,
            latency_s=_of_ways(latency_s, way[first]),
            bandwidth=_of_ways(bandwidth, way[first]),
        )

    @classmethod
    def from_networkx(cls, graph: nx.Graph[Any]) -> Topology:
        """Take over a NetworkX graph; its nodes are numbered in their order.

        Node attribute ``pos`` (a pair) becomes a position; edge attributes ``latency_s`` and
        ``bandwidth`` (floats) are kept.  Directions and parallel edges are ignored.
        """
        number = {node: i for i, node in enumerate(graph)}
        edges = list(graph.edges(data=True))
        pairs = np.array([(number[a], number[b]) for a, b, _ in edges], np.int64).reshape(-1, 2)
        named = any(node != i for node, i in number.items())
        places = [data.get("pos") for _, data in graph.nodes(data=True)]
        return cls.from_edges(
            len(number),
            pairs[:, 0],
            pairs[:, 1],
            names=tuple(map(str, number)) if named else None,
            positions=None if None in places or not places else np.array(places, np.float64),
            latency_s=np.array([data.get("latency_s", np.nan) for *_, data in edges], np.float64),
            bandwidth=np.array([data.get("bandwidth", np.nan) for *_, data in edges], np.float64),
        )

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    @property
    def n_edges(self) -> int:
        """Number of undirected edges."""
        return len(self.indices) // 2

    @cached_property
    def asymmetric(self) -> bool:
        """Whether some edge has another latency or bandwidth in one direction than the other."""
        tails = np.repeat(np.arange(self.n), self.degree)
        back = np.lexsort((tails, self.indices))
        given = [values for values in (self.latency_s, self.bandwidth) if values is not None]
        return not all(np.array_equal(v, v[back], equal_nan=True) for v in given)

    @property
    def degree(self) -> NDArray[np.int64]:
        """Number of neighbours of each node, ``(n,)``."""
        return np.diff(self.indptr)

    def neighbours(self, i: int) -> IntArray:
        """Return the neighbours of node *i*, ascending; a view, not to be written to."""
        return self.indices[self.indptr[i] : self.indptr[i + 1]]

    def name(self, i: int) -> str:
        """Return the name of node *i*, or its number where nodes have no names."""
        return self.names[i] if self.names else str(i)

    def edge(self, a: int, b: int) -> int | None:
        """Return the place of edge *a* to *b* in the arrays, or None where they are not joined."""
        row = self.neighbours(a)
        at = int(np.searchsorted(row, b))
        return int(self.indptr[a]) + at if at < len(row) and row[at] == b else None

    def edges(self) -> NDArray[np.int64]:
        """Return each undirected edge once, ``(n_edges, 2)``, the smaller node first."""
        tails = np.repeat(np.arange(self.n), self.degree)
        once = tails < self.indices
        return np.stack([tails[once], self.indices[once]], axis=1)

    def component_sizes(self) -> NDArray[np.int64]:
        """Return the sizes of the connected pieces, largest first."""
        labels = _components(self.n, self.edges())
        return np.sort(np.unique(labels, return_counts=True)[1])[::-1]

    def to_networkx(self) -> nx.Graph[Any]:
        """Return the graph as NetworkX knows it, on nodes 0 to n - 1 with their attributes.

        It is directed where an attribute differs by direction.
        """
        import networkx as nx

        graph: nx.Graph[Any] = nx.DiGraph() if self.asymmetric else nx.Graph()
        graph.add_nodes_from(range(self.n))
        graph.add_edges_from(map(tuple, self.edges().tolist()))
        if self.asymmetric:
            graph.add_edges_from(map(tuple, self.edges()[:, ::-1].tolist()))
        for i in range(self.n if self.names else 0):
            graph.nodes[i]["name"] = self.name(i)
        for i, place in enumerate(() if self.positions is None else self.positions.tolist()):
            graph.nodes[i]["pos"] = tuple(place)
        for key, values in (("latency_s", self.latency_s), ("bandwidth", self.bandwidth)):
            if values is not None:
                for a, b in graph.edges:
                    at = self.edge(a, b)
                    if at is not None and not np.isnan(values[at]):
                        graph.edges[a, b][key] = float(values[at])
        return graph


def require_connected(topology: Topology, what: str) -> None:
    """Raise InputError, with the number of pieces and the remedies, unless in one piece."""
    sizes = topology.component_sizes()
    if len(sizes) > 1:
        raise InputError(
            f"{what}: the graph on {topology.n} agents falls into {len(sizes)} pieces (largest "
            f"{sizes[0]}, smallest {sizes[-1]}), and knowledge cannot cross between them; make "
            f"it denser, or set topology.allow_disconnected: true"
        )


def _of_ways(values: FloatArray | None, way: NDArray[np.int64]) -> FloatArray | None:
    """Return the values of *way*: 2 e is edge e as given, 2 e + 1 the way back."""
    if values is None or bool(np.isnan(values).all()):
        return None
    both = values if values.ndim == 2 else np.repeat(values, 2)
    return np.asarray(both, np.float64).ravel()[way]


def _components(n: int, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Label each node with the smallest node of its piece, by hooking and pointer jumping.

    Shiloach and Vishkin (1982): O(log n) array passes, so that a million nodes take seconds.
    """
    label = np.arange(n)
    a, b = edges[:, 0], edges[:, 1]
    while True:
        la, lb = label[a], label[b]
        differ = la != lb
        if not differ.any():
            return label
        a, b, la, lb = a[differ], b[differ], la[differ], lb[differ]
        np.minimum.at(label, np.maximum(la, lb), np.minimum(la, lb))
        while True:
            jumped = label[label]
            if np.array_equal(jumped, label):
                break
            label = jumped
