"""Measured devices: which row of a table each agent of a group gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import TraceError, about
from p2pkd.core.rng import Streams, uniforms
from p2pkd.core.units import SIZE
from p2pkd.scenario.devices import DeviceSpec
from p2pkd.world.paths import locate
from p2pkd.world.plausible import remark_median
from p2pkd.world.tables import Row, gather, read_table


class Measured(NamedTuple):
    """The figures of *agents*, all arrays of one length."""

    agents: NDArray[np.int64]
    flops_per_s: NDArray[np.float64]
    memory_bytes: NDArray[np.float64]


def draw_rows(
    spec: DeviceSpec, key: str, agents: NDArray[np.int64], streams: Streams, base: Path
) -> Measured:
    """Return the figures of *agents*, the group of *spec*, from its table.

    Raise TraceError, with file and line, if a row lacks a score or a memory.
    """
    table = spec.table
    assert table is not None
    with about(f"{key}.path"):
        rows = read_table(locate(table.path, base, TraceError, f"{key}.path"))
    hint = f"; or set {key}.memory_unit, such as 1 MB"

    def figures(row: Row) -> tuple[float, float]:
        return row.number(table.score), row.quantity(
            table.memory, SIZE, bare=table.memory_unit, hint=hint
        )

    scores, memory = np.array(gather(rows, figures)).T
    remark_median(memory, "memory", f"{table.path}: {table.memory}", f"see {key}.memory_unit")
    drawn = deal(len(rows), agents, streams, key)
    share = (1 - spec.background) / spec.slowdown
    return Measured(agents, scores[drawn] * table.per_point * share, memory[drawn])


def deal(m: int, agents: NDArray[np.int64], streams: Streams, purpose: str) -> NDArray[Any]:
    """Return one of *m* rows for each of *agents*, the first *m* of them all different."""
    order = streams.generator(purpose).permutation(m)
    late = agents[m:]
    if not len(late):
        return order[: len(agents)]
    keys = streams.keys(purpose, int(late.max()) + 1)[late]
    chance = uniforms(keys, np.zeros(1, np.uint64))
    return np.concatenate([order, (chance * m).astype(np.int64)])
