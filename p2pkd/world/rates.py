"""Access rates of nodes: from devices, from the scenario, or from measurements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import TraceError
from p2pkd.core.rng import Streams
from p2pkd.scenario.link_options import RateTableSpec
from p2pkd.scenario.links import LinksSpec
from p2pkd.world.device_table import deal
from p2pkd.world.devices import DeviceTable
from p2pkd.world.paths import locate
from p2pkd.world.plausible import remark_median
from p2pkd.world.tables import Row, gather, read_table

Rates = NDArray[np.float64]


def access_rates(
    spec: LinksSpec, devices: DeviceTable, streams: Streams, base: Path
) -> tuple[Rates, Rates]:
    """Return the uplink and the downlink of each agent, ``(n,)``, bytes/s.

    Raise TraceError, with file and line, if a table is wrong.
    """
    if spec.table is not None:
        return measured_rates(spec.table, len(devices.uplink), streams, base)
    up, down = devices.uplink, devices.downlink
    return (
        up if spec.uplink is None else np.full(len(up), spec.uplink),
        down if spec.downlink is None else np.full(len(down), spec.downlink),
    )


def measured_rates(
    spec: RateTableSpec, n: int, streams: Streams, base: Path
) -> tuple[Rates, Rates]:
    """Return rates of *n* agents drawn from a table."""
    rows = read_table(locate(spec.path, base, TraceError, "links.table.path"))
    row = deal(len(rows), np.arange(n), streams, "links.table")
    normal = [streams.generator("link-rates", i).standard_normal(2) for i in range(n)]
    chance = np.array(normal).reshape(n, 2)
    return (
        _rates(rows, spec.uplink, spec, row, chance[:, 0]),
        _rates(rows, spec.downlink, spec, row, chance[:, 1]),
    )


def _rates(
    rows: list[Row], columns: tuple[str, str], spec: RateTableSpec, row: Rates, chance: Rates
) -> Rates:
    figures = gather(
        rows, lambda each: (each.number(columns[0]), each.number(columns[1], positive=False))
    )
    means, sds = spec.unit * np.array(figures).T
    remark_median(means, "rate", f"{spec.path}: {columns[0]}", "see links.table.unit")
    mean, sd = means[row], sds[row]
    rates: Rates = np.maximum(mean + sd * chance, spec.least * mean)
    return rates
