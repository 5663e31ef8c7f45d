"""Medians that hardly anybody can mean: of one unit taken for another, as a rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from p2pkd.core.remarks import remark
from p2pkd.core.units import DURATION, RATE, SIZE, Dimension

USUAL: dict[str, tuple[float, float, Dimension]] = {
    # One-way, seconds: from within a rack to beyond what satellites take.
    "latency": (1e-5, 5.0, DURATION),
    # Between hosts of the Internet: half a millisecond to ten seconds.
    "round trip": (5e-4, 10.0, DURATION),
    # Bytes/s: from a modem to what a data centre has.
    "rate": (100.0, 2e10, RATE),
    # Bytes: from a microcontroller to a large server.
    "memory": (1e5, 5e12, SIZE),
}


def remark_median(values: Any, kind: str, what: str, remedy: str = "") -> None:
    """Remark on the median of *values*, base units, where it is not *kind*'s usual; nan is none."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return
    least, most, dimension = USUAL[kind]
    median = float(np.median(known))
    if not least <= median <= most:
        usual = f"{dimension.format(least)} to {dimension.format(most)}"
        hint = f"; {remedy}" if remedy else ""
        remark(f"{what}: the median is {_short(median, dimension)}, usual are {usual}{hint}")


def _short(value: float, dimension: Dimension) -> str:
    return dimension.format(float(f"{value:.4g}"))
