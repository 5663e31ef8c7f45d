"""Times in files: their unit, and which of them is the beginning of the run."""

from __future__ import annotations

from typing import Literal, NamedTuple

from p2pkd.core.units import DURATION
from p2pkd.scenario.quantities import TimeUnit

LATEST_S = 1e13
"""Some 300,000 years; later times cannot be meant, in any unit."""


class FileClock(NamedTuple):
    """How a file counts: *unit* of its numbers, and the number at which the run begins."""

    unit: TimeUnit = "s"
    begins: float | Literal["first"] = 0.0

    def seconds(self, number: float) -> float:
        """Return *number* in seconds; raise ValueError where it is beyond all times."""
        factor = DURATION.units[self.unit]
        value = number * factor if factor >= 1 else number / round(1 / factor)
        if abs(value) > LATEST_S:
            raise ValueError(f"{number:g} {self.unit} is beyond all times")
        return value

    def start_s(self, first_s: float) -> float:
        """Return the file's time at the beginning of the run, *first_s* being its first, s."""
        return first_s if self.begins == "first" else self.seconds(self.begins)
