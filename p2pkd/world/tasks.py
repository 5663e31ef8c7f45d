"""Several tasks on the same rows: each agent has labels of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import TaskSpec
from p2pkd.world.partition import Partition

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tasks:
    """T tasks, and whose is which.

    Attributes
    ----------
    names : ``(T,)``
    of : ``(n_agents,)``, the task of each agent.
    n_classes : of the task with most.
    test_y : ``(T, n_test)``, -1 where a row is not of the task.
    """

    names: tuple[str, ...]
    of: Ints
    n_classes: int
    test_y: Ints

    def __post_init__(self) -> None:
        for array in (self.of, self.test_y):
            array.setflags(write=False)


def build_tasks(
    specs: Sequence[TaskSpec],
    n_classes: int,
    test_y: Ints,
    y: Ints,
    partition: Partition,
    streams: Streams,
) -> tuple[Tasks, Ints, Partition]:
    """Return the tasks, the labels *y* of private rows in their owners' tasks, and the partition.

    Of the partition only rows remain that are of their owner's task.  Raise DataError where a task
    names a class that the data have not, or an agent is left without rows.
    """
    tables = np.stack([_table(i, spec, n_classes) for i, spec in enumerate(specs)])
    n = len(partition.sizes)
    of = streams.generator("tasks of agents").permutation(np.arange(n) % len(specs))
    owner = np.repeat(np.arange(n), partition.sizes)
    relabelled = tables[of[owner], y[partition.rows]]
    kept = relabelled >= 0
    sizes = np.bincount(owner[kept], minlength=n)
    # Who has no rows from the start, such as a server, needs none.
    bare = np.flatnonzero((sizes == 0) & (partition.sizes > 0))
    if len(bare):
        agent = int(bare[0])
        raise DataError(
            f"data.tasks: agent {agent} has no rows of its task {specs[of[agent]].name!r}; use"
            " fewer agents, or a partition with less skew"
        )
    labels, classes = y.copy(), int(tables.max()) + 1
    labels[partition.rows] = np.maximum(relabelled, 0)
    counts = np.bincount(owner[kept] * classes + relabelled[kept], minlength=n * classes)
    left = Partition(
        np.concatenate([[0], np.cumsum(sizes)]),
        partition.rows[kept],
        counts.reshape(n, classes),
    )
    names = tuple(spec.name for spec in specs)
    return Tasks(names, of.astype(np.int64), classes, tables[:, test_y]), labels, left


def _table(number: int, spec: TaskSpec, n_classes: int) -> Ints:
    """Return the label of each of the data's classes, -1 where it has none."""
    table = np.full(n_classes, -1)
    for label, group in enumerate(spec.classes):
        if max(group) >= n_classes:
            raise DataError(
                f"data.tasks.{number}.classes: {max(group)}, but the data have classes 0 to "
                f"{n_classes - 1}"
            )
        table[list(group)] = label
    return table
