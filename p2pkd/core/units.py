"""Numbers with units: ``"20 Mbit/s"`` to bytes a second, and back.

Inside the package every quantity is a float in the dimension's base unit (seconds, bytes, bytes a
second, FLOP/s, watts, joules, metres); a unit is read and written only at the edge.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = re.compile(r"^\s*([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\D.*?)?\s*$")


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity and the units it may be written in.

    `units` maps a unit to its factor: value in base units = number * factor.  The base unit has
    factor 1.  `example` is shown in error messages.
    """

    name: str
    units: dict[str, float]
    example: str

    def parse(self, text: str) -> float:
        """Return *text*, such as ``"60 ms"``, in base units.

        Raise ValueError, with what would be right, if the number or the unit is not understood.
        """
        # Longer than any number: not searched, since that takes the square of the length.
        match = _NUMBER.match(text) if len(text) <= 100 else None
        if match is None:
            text = text if len(text) <= 60 else f"{text[:40]}..."
            raise ValueError(f"{text!r} is not a {self.name}; write it like {self.example!r}")
        number, unit = float(match[1].replace("_", "")), match[2]
        if unit is None:
            raise ValueError(f"{text!r} has no unit; write it like {self.example!r}")
        if unit not in self.units:
            known = ", ".join(self.units)
            raise ValueError(f"unknown unit {unit!r} in {text!r}; a {self.name} takes {known}")
        # Dividing by the reciprocal keeps decimals exact: 60 ms is 60 / 1000, not 60 * .001.
        factor = self.units[unit]
        return number * factor if factor >= 1 else number / round(1 / factor, 6)

    def format(self, value: float) -> str:
        """Return *value* (base units) in the unit that reads best and parses back exactly."""
        if value == 0 or not math.isfinite(value):
            return f"{value:g} {self._base}"
        for unit, factor in sorted(self.units.items(), key=lambda item: -item[1]):
            text = f"{value / factor:.6g} {unit}"
            if abs(value) < factor or not math.isfinite(value / factor):
                continue
            if "e" not in text and self.parse(text) == value:
                return text
        return f"{value!r} {self._base}"

    @property
    def _base(self) -> str:
        return next(unit for unit, factor in self.units.items() if factor == 1)


def _decimal(unit: str, prefixes: str) -> dict[str, float]:
    powers = {"m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
    return {(p + unit): powers[p] for p in ["", *prefixes]}


DURATION = Dimension(
    "duration",
    {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0, "d": 86400.0},
    "30 s",
)
SIZE = Dimension(
    "size",
    {**_decimal("B", "kMGT"), "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "bit": 0.125},
    "64 kB",
)
RATE = Dimension(
    "rate",
    {
        **{f"{unit}/s": factor for unit, factor in _decimal("B", "kMG").items()},
        **{f"{unit}/s": factor / 8 for unit, factor in _decimal("bit", "kMG").items()},
    },
    "20 Mbit/s",
)
FLOP_RATE = Dimension(
    "computing rate",
    {f"{unit}/s": factor for unit, factor in _decimal("FLOP", "kMGT").items()},
    "2 GFLOP/s",
)
POWER = Dimension("power", _decimal("W", "mk"), "3.5 W")
ENERGY = Dimension("energy", {**_decimal("J", "mkM"), "Wh": 3600.0, "kWh": 3.6e6}, "20 Wh")
ENERGY_PER_SIZE = Dimension(
    "energy per byte",
    {"J/B": 1.0, "uJ/B": 1e-6, "nJ/B": 1e-9, "J/MB": 1e-6, "mJ/MB": 1e-9},
    "5 J/MB",
)
LENGTH = Dimension("length", {"m": 1.0, "km": 1e3}, "200 m")
SPEED = Dimension("speed", {"m/s": 1.0, "km/h": 1 / 3.6}, "1.4 m/s")
