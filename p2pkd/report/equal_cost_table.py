"""What a study's seeds can tell, as text that is ready to print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from p2pkd.analysis.io.readable import count, percent, setting_text
from p2pkd.analysis.measures.equal_cost import MEASURED, tests
from p2pkd.analysis.measures.power import MOST
from p2pkd.analysis.results import Results
from p2pkd.report.tables import Table

ROWS = 120
CAPTION = (
    "What these seeds can tell: accuracy{budgets} of what methods deliver, the score, and what "
    "each setting has more than another, in points, paired by seed. Corrected p: paired t "
    "tests, Holm's correction over this table (tests: {n}). Shows from: the smallest mean "
    "difference that would have shown at 95 %. Detectable: the true difference that so many "
    "seeds show four times in five. Seeds needed: to show the observed difference four times in"
    " five, if it is the true one."
)
LESS = (
    " A dagger: some runs spent less than the budget by their end, and count as they ended, for "
    "less. Used: the share of the budget that had been spent at the evaluation that counts. A "
    "double dagger: no evaluation is near the budget, the models are hardly trained, and nothing "
    "is compared with them."
)


def equal_cost(results: Results, at: Sequence[str], against: str | None) -> Table:
    """Return a row per budget and comparison; see `measures.equal_cost.at_budgets`."""
    table = results.at(*at, against=against)
    keys = [key for key in table.columns if key not in MEASURED]
    head = ["setting", "score", "budget", "accuracy", "runs", "used", "against", "difference",
            "95 %", "corrected p", "shows from", "detectable", "seeds needed"]  # fmt: skip
    rows = [_row(row, keys) for row in table.head(ROWS).to_dict("records")]
    budgets = f" at {', '.join(at)}" if at else " at the end"
    caption = CAPTION.format(budgets=budgets, n=tests(table))
    if any(text != "final" for text in at):
        caption += LESS
    if len(table) > ROWS:
        caption += f" The first {ROWS} of {len(table)}."
    return Table(caption, head, rows)


def _row(row: dict[Any, Any], keys: list[str]) -> list[str]:
    return [
        setting_text(row, keys),
        row["score"],
        row["budget"],
        percent(row["mean"])
        + (" †" if row["reached"] < 1 else "")
        + (" ‡" if row["early"] else ""),
        count(row["n"]),
        percent(row["used"]),
        row["against"] or "–",
        _points(row["difference"], "+"),
        _interval(row["difference_low"], row["difference_high"]),
        _p(row["p_holm"]),
        _points(row["shows_from"]),
        _points(row["detectable"]),
        _seeds(row["seeds_needed"]),
    ]


def _points(value: float, sign: str = "") -> str:
    return "–" if math.isnan(value) else f"{100 * value:{sign}.1f}"


def _interval(low: float, high: float) -> str:
    return "–" if math.isnan(low) else f"{100 * low:+.1f} to {100 * high:+.1f}"


def _p(value: float) -> str:
    return "–" if math.isnan(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _seeds(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"over {count(MOST)}" if math.isinf(value) else count(value)
