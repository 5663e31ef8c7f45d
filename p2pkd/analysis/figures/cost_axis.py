"""The horizontal axis of figures over costs: its unit, its scale, and the budgets on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from p2pkd.analysis.figures import style
from p2pkd.analysis.io.readable import (
    Scale,
    count,
    energy_scale,
    joules,
    seconds,
    size,
    size_scale,
    time_scale,
    work,
    work_scale,
)
from p2pkd.analysis.measures.budgets import Budget

# Ends that lie further apart than this have a logarithmic axis.
WIDE = 8


class Kind(NamedTuple):
    """What is written under the axis, its unit for a largest value, and how a value is written."""

    name: str
    scale: Callable[[float], Scale]
    text: Callable[[float | None], str]


def _plain(_: float) -> Scale:
    return Scale(1, "")


KINDS = {
    "time_s": Kind("simulated time", time_scale, seconds),
    "wire_bytes": Kind("bytes on the wire, all agents together", size_scale, size),
    "payload_bytes": Kind("bytes of knowledge, all agents together", size_scale, size),
    "gradient_steps": Kind("gradient steps, all agents together", _plain, count),
    "flops": Kind("computation, all agents together", work_scale, work),
    "compute_energy_j": Kind("energy for computing, all agents together", energy_scale, joules),
    "energy_j": Kind("energy, all agents together", energy_scale, joules),
}


class CostAxis:
    """The axis for curves over *cost*, of `communication.COSTS`, that end at *ends*.

    Logarithmic, in base units, where the ends that are not 0 lie more than a factor of `WIDE`
    apart; else linear, in a unit that fits.  Divide costs by `factor` to draw them.
    """

    def __init__(self, cost: str, ends: Iterable[float]) -> None:
        paid = [end for end in ends if end > 0]
        self.cost, self.kind = cost, KINDS[cost]
        self.largest = max(paid, default=0.0)
        self.log = bool(paid) and self.largest > WIDE * min(paid)
        self.scale = self.kind.scale(self.largest)
        self.factor = 1.0 if self.log else self.scale.factor

    @property
    def label(self) -> str:
        """What to write under the axis."""
        plain = self.log or not self.scale.unit
        return self.kind.name if plain else f"{self.kind.name} ({self.scale.unit})"

    def apply(self, ax: Axes) -> None:
        """Give *ax* its scale, with values written in full on a logarithmic one."""
        ax.set_xlabel(self.label)
        if self.log:
            ax.set_xscale("log")
            ax.xaxis.set_major_locator(LogLocator(numticks=7))
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: self.kind.text(value)))
            ax.xaxis.set_minor_formatter(NullFormatter())

    def mark(self, ax: Axes, budgets: Sequence[str]) -> None:
        """Draw a line at each of *budgets* that is of this cost, its text above it.

        To be called when the axes' limits are final.  Raise ValueError for what is no budget.
        """
        for budget in map(Budget.parse, budgets):
            if budget.cost != self.cost or budget.amount == float("inf"):
                continue
            at = budget.amount / self.factor
            low, high = ax.get_xlim()
            ax.set_xlim(min(low, at / 1.1), max(high, at * 1.05))
            ax.axvline(at, color=style.GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0.5)
            ax.annotate(
                budget.text, xy=(at, 1), xycoords=("data", "axes fraction"), xytext=(0, 2),
                textcoords="offset points", ha="center", va="bottom", color=style.GREY,
                fontsize=style.FONT - 1,
            )  # fmt: skip
