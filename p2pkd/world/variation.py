"""How access rates change: from the specification to steps in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import singledispatch
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import InputError, TraceError, suggestion
from p2pkd.core.units import RATE
from p2pkd.scenario.link_options import DailyVariation, TraceVariation, VariationSpec
from p2pkd.world.links import Links
from p2pkd.world.paths import locate
from p2pkd.world.tables import Row, read_table


class Step(NamedTuple):
    """New rates of some nodes, from *time_s* on."""

    time_s: float
    nodes: NDArray[np.int64]
    uplink: NDArray[np.float64]
    downlink: NDArray[np.float64]


Variation = Callable[[], Iterator[Step]]


@singledispatch
def build_variation(spec: VariationSpec, links: Links, base: Path) -> Variation:
    """Return a function that gives the steps of *spec*, ascending in time, perhaps without end.

    Raise TraceError, with file and line, if a file is wrong.
    """
    raise InputError(f"no builder for the variation {type(spec).__name__}")


def register(spec: type[VariationSpec]) -> Any:
    """Return a decorator: a function with `build_variation`'s arguments is that of *spec*."""
    return build_variation.register(spec)


@build_variation.register
def _daily(spec: DailyVariation, links: Links, base: Path) -> Variation:
    nodes, part = np.arange(len(links.uplink)), spec.day / len(spec.factors)
    return lambda: (
        Step(k * part, nodes, links.uplink * factor, links.downlink * factor)
        for k in count()
        for factor in [spec.factors[k % len(spec.factors)]]
    )


@build_variation.register
def _trace(spec: TraceVariation, links: Links, base: Path) -> Variation:
    file = locate(spec.path, base, TraceError, "links.variation.path")
    nodes = np.arange(len(links.uplink))
    ids = {links.topology.name(i): i for i in nodes.tolist()}
    steps, last = [], -1.0
    for row in read_table(file):
        time = row.number("time", positive=False)
        if time < last:
            raise TraceError(f"{row.where}: time {time:g} s after {last:g} s; times must ascend")
        last = time
        who = nodes if row.values.get("id") is None else nodes[_node(row, ids) :][:1]
        up, down = (row.quantity(key, RATE, bare=spec.unit) for key in ("uplink", "downlink"))
        steps.append(Step(time, who, np.full(len(who), up), np.full(len(who), down)))
    return lambda: iter(steps)


def _node(row: Row, ids: dict[str, int]) -> int:
    name = str(row.values["id"])
    node = ids.get(name, int(name) if name.isdecimal() and int(name) < len(ids) else None)
    if node is None:
        hint = suggestion(name, ids) if len(ids) <= 20 else f"; there are {len(ids)}, from 0"
        raise TraceError(f"{row.where}: there is no agent {name!r}{hint}")
    return node
