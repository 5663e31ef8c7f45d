"""Computing what is pending: level by level, group by group, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise
from time import perf_counter
from typing import Any
from weakref import ref

import torch

from p2pkd.learning.compute.kernels import Kernels
from p2pkd.learning.compute.plan import Chain, make_plan
from p2pkd.learning.compute.processes import cores
from p2pkd.learning.compute.settings import Settings
from p2pkd.learning.compute.threads import ThreadChoice
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.state.pools import Pool

# Chains of one group, the rows that they fill, the pools they read and write, and their kind.
Task = tuple[Sequence[Chain], list[int], Pool, Pool, Hashable]


# Agents in a call from which on several threads compute it.
WIDE = 32
# Numbers of all the batches in a call, at most: 1 GiB.
_ACTIVATIONS = 2**28


class Executor:
    """Runs operations in order of dependency, those of one kind and shape together."""

    def __init__(self, settings: Settings, kernels: Kernels) -> None:
        # Whoever calls this from a program of theirs gets their threads back.
        self.threads_before = torch.get_num_threads()
        torch.set_num_threads(1)
        self.in_use = 1
        self.settings = settings
        self.kernels = kernels
        self.on_cpu = settings.torch_device.type == "cpu"
        self.threads = (settings.threads or cores()) if self.on_cpu else 1
        # Whether somebody else computes beside this, and should have a core.
        self.others: Callable[[], bool] = lambda: False
        self.choices = [ThreadChoice(max(1, self.threads - n)) for n in range(2)]
        tables = kernels.tables
        self.architecture_of = dict(zip(tables.pools, tables.architectures, strict=True))
        self.executed = 0
        self.calls = 0

    def grouped(self, architecture: Architecture) -> bool:
        """Return whether agents of *architecture* are computed many at a time."""
        if self.settings.executor == "auto":
            return architecture.grouped or not self.on_cpu
        return self.settings.executor == "grouped"

    def chunk(self, architecture: Architecture) -> int:
        """Return how many agents of *architecture* are computed in one call, at most."""
        if not self.grouped(architecture):
            return 1
        if self.settings.chunk is not None:
            return self.settings.chunk
        if not self.on_cpu:
            return 4096
        # Parameters and gradients of so many share a cache of a few MiB.
        fitting = max(8, min(256, 3 * 2**18 // architecture.n_parameters))
        # And what a step makes of very large batches shall not take all of the memory.
        return max(1, min(fitting, _ACTIVATIONS // self._row_floats(architecture)))

    def _row_floats(self, architecture: Architecture) -> int:
        """Return the numbers that a step makes of one agent's batch."""
        tables = self.kernels.tables
        inputs = int(tables.private_x.shape[1]) if tables.private_x.ndim > 1 else 1
        return (tables.recipe.batch or 1) * (inputs + architecture.activation_floats)

    def run(self, pending: Iterable[ref[Any]]) -> None:
        """Compute all products that are alive."""
        # 1. Who is alive, in which order, who goes together: levels of groups.
        plan = make_plan(pending, self.kernels.shape)
        # Others may have changed it since: the last digits of narrow groups depend on it.
        self.in_use = torch.get_num_threads()
        self._use(1)
        try:
            with torch.no_grad():
                # 2. Level after level: what is needed is there before it is used.
                for level in sorted(plan):
                    # Popped: what nobody holds any more gives its row back before the next level.
                    self._run_level(plan.pop(level))
        finally:
            self._use(1)

    def _use(self, threads: int) -> None:
        """Let PyTorch have so many *threads* from now on."""
        if threads != self.in_use:
            torch.set_num_threads(threads)
            self.in_use = threads

    def _run_level(self, groups: dict[Any, list[Chain]]) -> None:
        # 3. Group after group: rows for the results, and a fair division into chunks.
        tasks: list[Task] = []
        for (origin, pool, kind), chains in groups.items():
            rows = pool.take(len(chains))
            for part in self._parts(len(chains), self.chunk(self.architecture_of[origin])):
                tasks.append((chains[part], rows[part], origin, pool, (id(pool), kind)))
        # 4. Chunk after chunk: a call of a kernel, which takes the steps.
        self.calls += len(tasks)
        for task in tasks:
            self._run_task(task)
        # 5. What is computed has its row, and forgets how.
        for done, places, *_ in tasks:
            self.executed += len(done)
            for chain, row in zip(done, places, strict=True):
                product = chain[-1]
                product.row = row
                product.level = 0
                product.source = None
                product.operation = None

    def _parts(self, n: int, size: int) -> list[slice]:
        """Return *n* in equal parts of at most *size*."""
        count = -(-n // size)
        edges = [n * i // count for i in range(count + 1)]
        return [slice(a, b) for a, b in pairwise(edges)]

    def _run_task(self, task: Task) -> None:
        chains, rows, origin, pool, kind = task
        # PyTorch's threads divide a wide group among them, each agent's arithmetic being on one.
        # A narrow one gains nothing, and a single agent's might be split, and rounded, otherwise.
        choice = self.choices[self.others()]
        threads = choice.threads(kind) if len(chains) >= WIDE else 1
        self._use(threads)
        started = perf_counter()
        screen = self.kernels.tables.screen
        for part, places in self._sifted(chains, rows) if screen.needed else ((chains, rows),):
            values = self.kernels.run(part, self.architecture_of[origin], origin)
            pool.data.index_copy_(0, self.kernels.tables.index(places), values)
            screen.note(pool, places, values)
        if len(chains) >= WIDE:
            choice.took(kind, threads, (perf_counter() - started) / len(chains))

    def _sifted(
        self, chains: Sequence[Chain], rows: list[int]
    ) -> Iterable[tuple[list[Chain], list[int]]]:
        """Return *chains* and their *rows*, in groups of one shape, without what is not finite."""
        groups: dict[Any, tuple[list[Chain], list[int]]] = {}
        for chain, row in zip(chains, rows, strict=True):
            self.kernels.tables.screen.sift(chain)
            key = tuple(self.kernels.shape(product) for product in chain)
            part, places = groups.setdefault(key, ([], []))
            part.append(chain)
            places.append(row)
        return groups.values()

    def close(self) -> None:
        """Leave PyTorch as many threads as it had."""
        torch.set_num_threads(self.threads_before)

    def describe(self) -> dict[str, Any]:
        """Return how numbers are computed, for the manifest."""
        return {
            "executor": self.settings.executor,
            "device": str(self.settings.torch_device),
            "processes": 1,
            "threads": self.threads,
            "architectures": {
                a.name: {
                    "executor": "grouped" if self.grouped(a) else "loop",
                    "chunk": self.chunk(a),
                }
                for a in self.kernels.tables.architectures
            },
        }
