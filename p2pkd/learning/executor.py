"""Computing what is pending: level by level, group by group, chunk by chunk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Self
from weakref import ref

import torch

from p2pkd.learning.architecture import Architecture
from p2pkd.learning.kernels import Kernels
from p2pkd.learning.versions import PREDICT
from p2pkd.scenario.scenario import ExecutionSpec

Task = Callable[[], None]


@dataclass(frozen=True)
class Settings:
    """How to compute; changes speed, and no result.

    Attributes
    ----------
    chunk : agents computed in one call; None: what fits the cache.
    threads : workers over chunks; None: all cores.
    max_pending : operations after which they are computed; None: twice the agents, at least 4096.
    """

    executor: Literal["auto", "grouped", "loop"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    chunk: int | None = None
    threads: int | None = None
    max_pending: int | None = None

    @classmethod
    def of(cls, spec: ExecutionSpec) -> Self:
        """Return what a scenario's *spec* says."""
        return cls(
            executor=spec.executor, device=spec.device, chunk=spec.chunk, threads=spec.threads
        )

    @property
    def torch_device(self) -> torch.device:
        """The device, `auto` resolved."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        return torch.device(self.device)


class Executor:
    """Runs operations in order of dependency, those of one kind and shape together."""

    def __init__(self, settings: Settings, kernels: Kernels) -> None:
        # With one thread a call, results do not depend on who shares the group.
        torch.set_num_threads(1)
        self.settings = settings
        self.kernels = kernels
        self.on_cpu = settings.torch_device.type == "cpu"
        self.threads = (settings.threads or os.cpu_count() or 1) if self.on_cpu else 1
        self.workers = ThreadPoolExecutor(self.threads) if self.threads > 1 else None
        self.architecture_of = dict(zip(kernels.pools, kernels.architectures, strict=True))
        self.executed = 0
        self.placed: list[tuple[Any, int]] = []

    def grouped(self, architecture: Architecture) -> bool:
        """Return whether agents of *architecture* are computed many at a time."""
        if self.settings.executor == "auto":
            return architecture.grouped or not self.on_cpu
        return self.settings.executor == "grouped"

    def chunk(self, architecture: Architecture) -> int:
        """Return how many agents of *architecture* are computed in one call."""
        if not self.grouped(architecture):
            return 1
        if self.settings.chunk is not None:
            return self.settings.chunk
        if not self.on_cpu:
            return 4096
        # About as many as leave parameters, gradients and activations in a cache of 1 MiB.
        return max(8, min(256, 2**18 // (2 * architecture.n_parameters)))

    def run(self, pending: Iterable[ref[Any]]) -> None:
        """Compute all products that are alive."""
        levels: dict[int, dict[Any, list[Any]]] = {}
        shape = self.kernels.shape
        for weak in pending:
            product = weak()
            if product is not None:
                origin = product.source.pool if product.kind == PREDICT else product.pool
                key = (product.kind, origin, product.pool, shape(product))
                levels.setdefault(product.level, {}).setdefault(key, []).append(product)
        product = None
        for level in sorted(levels):
            # Popped, so that what nobody holds any more is given back before the next level.
            self._run_level(levels.pop(level))

    def _run_level(self, groups: dict[Any, list[Any]]) -> None:
        tasks: list[Task] = []
        for (kind, origin, pool, _), products in groups.items():
            rows = pool.take(len(products))
            size = self.chunk(self.architecture_of[origin])
            for start in range(0, len(products), size):
                part = slice(start, start + size)
                tasks.append(self._task(kind, origin, pool, products[part], rows[part]))
            self.executed += len(products)
        self.each(tasks)
        placed, self.placed = self.placed, []
        for product, row in placed:
            product.row = row
            product.level = 0
            product.source = None
            if product.kind != PREDICT:
                product.argument = None

    def _task(
        self, kind: int, origin: Any, pool: Any, products: Sequence[Any], rows: list[int]
    ) -> Task:
        function, architecture = self.kernels.functions[kind], self.architecture_of[origin]
        self.placed.extend(zip(products, rows, strict=True))

        def task() -> None:
            with torch.no_grad():
                values = function(products, architecture, origin)
                index = torch.tensor(rows, device=pool.data.device)
                pool.scatter(index, values)

        return task

    def each(self, tasks: Sequence[Task]) -> None:
        """Do all *tasks*, on the workers if there are any."""
        if self.workers is None or len(tasks) < 2:
            for task in tasks:
                task()
        else:
            for _ in self.workers.map(lambda task: task(), tasks):
                pass

    def describe(self) -> dict[str, Any]:
        """Return how numbers are computed, for the manifest."""
        return {
            "executor": self.settings.executor,
            "device": str(self.settings.torch_device),
            "threads": self.threads,
            "torch_threads": torch.get_num_threads(),
            "architectures": {
                a.name: {
                    "executor": "grouped" if self.grouped(a) else "loop",
                    "chunk": self.chunk(a),
                }
                for a in self.kernels.architectures
            },
        }
