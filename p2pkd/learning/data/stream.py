"""Private rows that come class after class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.rng import uniforms
from p2pkd.learning.data.batches import Ints, Keys, PrivateRows


class StreamRows(PrivateRows):
    """Draws from the task whose turn it is, by the number of samples that an agent has drawn.

    An agent's rows, sorted by class, are cut into *tasks* parts of equal size.  Sample number c is
    drawn from part c // *samples*; the last part stays.

    Attributes
    ----------
    edges : ``(n_agents, tasks + 1)``, where in `order` each agent's parts begin and end.
    """

    def __init__(
        self, offsets: Ints, keys: Keys, labels: NDArray[np.int64], tasks: int, samples: int
    ) -> None:
        super().__init__(offsets, keys)
        agents = np.repeat(np.arange(len(self.sizes)), self.sizes)
        self.order = np.lexsort((labels, agents))
        self.tasks, self.samples = tasks, samples
        self.edges = offsets[:-1, None] + self.sizes[:, None] * np.arange(tasks + 1) // tasks

    def sample(self, agents: Ints, first: Ints, n: int) -> Ints:
        """Return *n* rows of each agent, ``(G, n)``, being its samples from number *first* on."""
        counters = first[:, None] + np.arange(n)
        start, size = self._window(agents, counters)
        u = uniforms(self.keys[agents][:, None], counters.astype(np.uint64))
        drawn: Ints = self.order[start + (u * size).astype(np.int64)]
        return drawn

    def _window(self, agents: Ints, counters: Ints) -> tuple[Ints, Ints]:
        """Return where in `order` each sample may come from: the first place, and how many."""
        task = np.minimum(counters // self.samples, self.tasks - 1)
        # Where an agent has fewer rows than there are tasks, a part borrows its neighbour's row.
        start = np.minimum(self.edges[agents[:, None], task], self.edges[agents, -1][:, None] - 1)
        return start, np.maximum(self.edges[agents[:, None], task + 1] - start, 1)


class DriftRows(StreamRows):
    """Draws from a window as wide as a part, which slides over the rows sorted by class.

    It begins at the first row and moves by its width in *samples* samples, until it is at the end.
    """

    def _window(self, agents: Ints, counters: Ints) -> tuple[Ints, Ints]:
        sizes = self.sizes[agents][:, None]
        width = np.maximum(sizes // self.tasks, 1)
        travelled = np.minimum(counters, self.samples * (self.tasks - 1))
        way = (sizes - width) * travelled // (self.samples * (self.tasks - 1))
        return self.offsets[agents][:, None] + way, width
