"""The table of settings at equal cost for a paper, in LaTeX that needs no package."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from p2pkd.analysis.io.latex import tex_text
from p2pkd.analysis.measures.equal_cost import MEASURED, early_notes, tests

DAGGER, EARLY = r"$^{\dagger}$", r"$^{\ddagger}$"


def equal_cost_latex(table: pd.DataFrame) -> str:
    r"""Return a `p2pkd.analysis.measures.equal_cost.at_budgets` as a LaTeX ``tabular``.

    Accuracies are in per cent, differences in points; 95 % intervals in brackets; p-values are
    Holm's.  A dagger marks settings not all runs of which had spent the budget, a double dagger
    those whose models were hardly trained at the evaluation that counts, which are compared with
    nothing.  What the columns are is told in comments above it, to be used in the caption.
    """
    keys = [key for key in table.columns if key not in MEASURED]
    head = [*keys, "score", "budget", "accuracy (\\%)", "95 \\%", "runs", "used", "against",
            "difference", "95 \\%", "$p$", "detectable", "seeds needed"]  # fmt: skip
    head[: len(keys)] = [tex_text(key) for key in keys]
    rows = [[tex_text(row[key]) for key in keys] + _cells(row) for row in table.to_dict("records")]
    columns = "l" * len(keys) + "llrlrrlrlrrr"
    notes = [
        "% score: what the accuracy is of",
        "% accuracy: mean and standard deviation over seeds; differences in points, paired by seed",
        f"% p: paired t tests, corrected for all {tests(table)} comparisons of this table (Holm)",
        "% detectable: the true difference that these seeds show with a power of 80 %",
    ]
    if (table["reached"] < 1).any():
        notes.append("% dagger: some runs spent less than the budget; they count as they ended")
    if (table["used"] != 1).any():
        notes.append("% used: share of the budget spent at the evaluation that counts, a mean")
    if (table["early"] > 0).any():
        notes.append("% double dagger: no evaluation near the budget; hardly trained, no answer")
        notes += [f"% {' '.join(note.split())}" for note in early_notes(table)]
    lines = [*notes, rf"\begin{{tabular}}{{{columns}}}", r"\hline", " & ".join(head) + r" \\",
             r"\hline", *(" & ".join(cells) + r" \\" for cells in rows), r"\hline",
             r"\end{tabular}"]  # fmt: skip
    return "\n".join(lines) + "\n"


def _cells(row: dict[Any, Any]) -> list[str]:
    mark = (DAGGER if row["reached"] < 1 else "") + (EARLY if row["early"] else "")
    return [
        tex_text(row["score"]),
        tex_text(row["budget"]),
        f"${_points(row['mean'])} \\pm {_points(row['std'])}${mark}",
        _interval(row["low"], row["high"]),
        str(row["n"]),
        _number(row["used"], ".0f", 100, r"\,\%"),
        tex_text(row["against"]) or "--",
        _number(row["difference"], "+.1f", 100),
        _interval(row["difference_low"], row["difference_high"]),
        _p(row["p_holm"]),
        _number(row["detectable"], ".1f", 100),
        _seeds(row["seeds_needed"]),
    ]


def _points(value: float) -> str:
    return r"\mathrm{n/a}" if math.isnan(value) else f"{100 * value:.1f}"


def _number(value: float, form: str, factor: float, unit: str = "") -> str:
    return "--" if math.isnan(value) else f"${factor * value:{form}}{unit}$"


def _interval(low: float, high: float) -> str:
    return "--" if math.isnan(low) else f"[${100 * low:.1f}$, ${100 * high:.1f}$]"


def _p(value: float) -> str:
    return "--" if math.isnan(value) else "$<.001$" if value < 0.001 else f"${value:.3f}$"


def _seeds(value: float) -> str:
    return "--" if math.isnan(value) else r"$\infty$" if math.isinf(value) else f"{value:.0f}"
