"""What a run has for a budget: the one definition of "accuracy at a cost"."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.core.units import DURATION, ENERGY, SIZE, Dimension

if TYPE_CHECKING:
    from p2pkd.analysis.io.run_data import RunData

FINAL = "final"
ENOUGH = 0.5
"""The share of a budget that must have been spent at an evaluation that is to speak for it."""
ACCURACY = "accuracy_mean"
STEPS = Dimension("number of steps", {"steps": 1.0, "step": 1.0}, "3300 steps")
COSTS: dict[str, Dimension] = {
    "wire_bytes": SIZE,
    "time_s": DURATION,
    "energy_j": ENERGY,
    "gradient_steps": STEPS,
}
"""The columns of `costs_over_time` that a budget can be of, and what they are measured in."""


class Budget(NamedTuple):
    """So much of a cost, of all agents together; `final` is as much as a run has spent.

    `text` is as it was written, `cost` one of `COSTS`, `amount` in base units.
    """

    text: str
    cost: str
    amount: float

    @staticmethod
    def parse(text: str) -> Budget:
        """Return the budget that *text* tells: ``1 MB``, ``10 min``, ``2 kJ``, ``3300 steps``.

        Raise ValueError if it is neither one of these nor ``final``.
        """
        text = text.strip()
        if text == FINAL:
            return Budget(FINAL, "time_s", math.inf)
        for cost, dimension in COSTS.items():
            try:
                amount = dimension.parse(text)
            except ValueError:
                continue
            if amount > 0 and math.isfinite(amount):
                return Budget(text, cost, amount)
        raise ValueError(
            f"must be like '10 MB', '5 min', '2 kJ' or '3300 steps', or 'final', given {text!r}"
        )

    @staticmethod
    def of_bytes(amount: float) -> Budget:
        """Return the budget of *amount* bytes on the wire."""
        return Budget(SIZE.format(amount), "wire_bytes", amount)


class Bought(NamedTuple):
    """What a run had for a budget.

    `accuracy` at the last evaluation that had spent at most the budget; nan if even the first had
    spent more.  `spent` by then, in the budget's cost.  `reached` tells whether the run ever spent
    the whole budget: if not, `accuracy` is that of its end, for less.  `early` tells that it did,
    but that at the evaluation that counts it had spent less than `ENOUGH` of it, or had not learned
    yet: its accuracy is of models that are hardly trained, and no answer.
    """

    accuracy: float
    spent: float
    reached: bool
    early: bool = False


def accuracy_at(result: RunData, budget: Budget) -> Bought:
    """Return what *result* had for *budget*; nothing is interpolated between evaluations.

    A run that evaluates seldom, or spends fast, may be far from the budget at the evaluation that
    counts: `Bought.spent` tells how far.
    """
    table = costs_over_time(result)
    within = table[table[budget.cost] <= budget.amount]
    if within.empty:
        return Bought(math.nan, math.nan, reached=len(table) > 0)
    last = within.iloc[-1]
    if budget.text == FINAL:
        return Bought(float(last[ACCURACY]), float(last[budget.cost]), reached=True)
    reached = float(table[budget.cost].iloc[-1]) >= budget.amount
    untrained = not last["gradient_steps"] and table["gradient_steps"].iloc[-1] > 0
    early = reached and bool(untrained or last[budget.cost] < ENOUGH * budget.amount)
    return Bought(float(last[ACCURACY]), float(last[budget.cost]), reached, early)
