"""Numbers as people read them: a unit that fits, few digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from p2pkd.core.units import DURATION, ENERGY, SIZE, Dimension

WORK = Dimension(
    "amount of computation",
    {"FLOP": 1.0, **{f"{prefix}FLOP": 1000.0**n for n, prefix in enumerate("kMGTP", 1)}},
    "2 GFLOP",
)


class Scale(NamedTuple):
    """A unit for an axis or a column: divide by `factor`, write `unit`."""

    factor: float
    unit: str


def time_scale(longest_s: float) -> Scale:
    """Return the unit for times up to *longest_s* seconds."""
    return _scale(DURATION, longest_s, ("s", "min", "h", "d"), at_least=3)


def size_scale(largest_bytes: float) -> Scale:
    """Return the unit for sizes up to *largest_bytes* bytes."""
    return _scale(SIZE, largest_bytes, ("B", "kB", "MB", "GB", "TB"))


def energy_scale(largest_j: float) -> Scale:
    """Return the unit for energies up to *largest_j* joules."""
    return _scale(ENERGY, largest_j, ("J", "kJ", "MJ"))


def work_scale(largest_flops: float) -> Scale:
    """Return the unit for amounts of computation up to *largest_flops* operations."""
    return _scale(WORK, largest_flops, tuple(WORK.units))


def seconds(value: float | None) -> str:
    """Return a duration such as ``20 min``."""
    return _text(value, time_scale)


def size(value: float | None) -> str:
    """Return a size such as ``1.31 MB``."""
    return _text(value, size_scale)


def joules(value: float | None) -> str:
    """Return an energy such as ``4.2 kJ``."""
    return _text(value, energy_scale)


def work(value: float | None) -> str:
    """Return an amount of computation such as ``3.1 GFLOP``."""
    return _text(value, work_scale)


def percent(value: float | None) -> str:
    """Return a share such as ``87.1 %``; two digits of it where it is tiny."""
    if value is None or math.isnan(value):
        return "–"
    digits = ".2g" if 0 < abs(value) < 0.001 else ".1f"
    return f"{100 * value:{digits}} %"


def count(value: float | None) -> str:
    """Return a whole number with its thousands apart."""
    return "–" if value is None or math.isnan(value) else f"{value:,.0f}".replace(",", "\u202f")


def _scale(
    dimension: Dimension, largest: float, units: tuple[str, ...], at_least: float = 1
) -> Scale:
    fitting = [unit for unit in units if largest >= at_least * dimension.units[unit]]
    unit = fitting[-1] if fitting else units[0]
    return Scale(dimension.units[unit], unit)


def _text(value: float | None, scale_of: Callable[[float], Scale]) -> str:
    if value is None or math.isnan(value):
        return "–"
    scale = scale_of(abs(value))
    number = value / scale.factor
    digits = max(0, 2 - int(math.log10(abs(number)))) if abs(number) >= 1 else 3
    text = f"{number:,.{digits}f}".replace(",", "\u202f")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {scale.unit}"


def setting_text(label: Any, keys: list[str]) -> str:
    """Return a setting, the values of *keys* in *label*, in one text."""
    return ", ".join(_named(key, label[key]) for key in keys)


def _named(key: str, value: Any) -> str:
    """Return a label as it is if it speaks for itself, and ``agents 24`` if it is a number."""
    text = str(value)
    try:
        float(text)
    except ValueError:
        return text
    return f"{key.rpartition('.')[2]} {text}"
