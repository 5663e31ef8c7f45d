"""Who is joined to whom at the moment."""

from __future__ import annotations

import numpy as np

from p2pkd.world.topology import IntArray, Topology


class Neighbourhood:
    """A graph that may change: whoever asks for neighbours gets those of now.

    It begins as *topology*.  `changes` counts how often it was changed.
    """

    __slots__ = ("_degree", "_rows", "_starts", "changes", "n", "topology")

    def __init__(self, topology: Topology) -> None:
        self.n = topology.n
        self.changes = 0
        self._begin(topology)

    def _begin(self, topology: Topology) -> None:
        self.topology = topology
        self._degree: list[int] = topology.degree.tolist()
        self._starts: list[int] = topology.indptr.tolist()
        # The rows that differ from those of `topology`.
        self._rows: dict[int, IntArray] = {}

    def neighbours(self, i: int) -> IntArray:
        """Return the neighbours of agent *i*, ascending; not to be written to."""
        row = self._rows.get(i) if self._rows else None
        return self.topology.neighbours(i) if row is None else row

    def neighbour(self, i: int, at: int) -> int:
        """Return number *at* of the neighbours of agent *i*."""
        if self._rows:
            return int(self.neighbours(i)[at])
        return self.topology.indices.item(self._starts[i] + at)

    def degree(self, i: int) -> int:
        """Return how many neighbours agent *i* has."""
        return self._degree[i]

    def joined(self, a: int, b: int) -> bool:
        """Tell whether *a* and *b* are neighbours."""
        row = self.neighbours(a)
        at = int(np.searchsorted(row, b))
        return at < len(row) and bool(row[at] == b)

    def replace(self, topology: Topology) -> None:
        """Let the graph be *topology*, on as many agents, from now on."""
        self.changes += 1
        self._begin(topology)

    def set_edge(self, a: int, b: int, up: bool) -> None:
        """Join *a* and *b*, or part them; nothing happens where that is so already."""
        if a == b or self.joined(a, b) == up:
            return
        self.changes += 1
        for end, other in ((a, b), (b, a)):
            row = self.neighbours(end)
            at = np.searchsorted(row, other)
            new = np.insert(row, at, other) if up else np.delete(row, at)
            self._rows[end] = new
            self._degree[end] = len(new)
