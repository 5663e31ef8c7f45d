"""The README's figure and what it claims, from scenarios/studies/claim.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from making.markdown_parts import points, replace_part, table
from p2pkd.analysis.figures.studies import plot_bands
from p2pkd.analysis.io.readable import count, joules, percent, size
from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.results import Results

OURS, ALONE, BUDGET = "gossip distillation", "isolated", "1 MB"
CONTROLS = ("isolated", "pooled")


def write(place: Path, results: Results) -> None:
    """Write figure, caption, table and numbers."""
    figure(results).savefig(place / "docs/img/quickstart.png", dpi=160)
    results.at(BUDGET, "final", against=OURS).to_csv(place / "docs/results/claim.csv", index=False)
    replace_part(place / "README.md", "claim", caption(results))
    replace_part(place / "docs/methods.md", "claim", rows(results))


def figure(results: Results) -> Figure:
    """Return accuracy over time and over bytes, with 95 % bands over seeds."""
    drawn = Figure(figsize=(11, 3.8), layout="constrained")
    left, right = drawn.subplots(1, 2)
    plot_bands(results, "variant", ax=left)
    sending = results.keep(results.frame["wire_bytes"] > 0)
    plot_bands(sending, "variant", "wire_bytes", ax=right, budgets=[BUDGET])
    return drawn


def caption(results: Results) -> str:
    """Return the sentences under the figure that have numbers in them."""
    seeds = results.frame["seed"].nunique()
    alone = _rows(results, ALONE)[OURS]
    within, ended, spent = _rows(results, OURS, BUDGET), _rows(results, OURS), _spent(results)
    each = "; ".join(
        f"{name} {percent(ended[name]['mean'])}, {count(own['gradient_steps'])}, "
        f"{size(own['wire_bytes'])}, {joules(own['energy_j'])}"
        for name, own in spent.items()
    )
    return (
        f"bands are 95 % intervals over {seeds} seeds; each method has the best of four learning "
        "rates on two other seeds. Distillation ends "
        f"{100 * alone['difference']:.1f} points of test accuracy (95 %: "
        f"{points(alone['difference_low'], alone['difference_high'])}) above the same agents on "
        f"their own. Within {BUDGET} it is ahead of {_named(within, fewer=True)}; at the end "
        f"it is behind {_named(ended, fewer=False)}. At the end each has (accuracy, "
        f"gradient steps, bytes, energy of all agents): {each}. Differences with their intervals "
        "are in [methods](docs/methods.md#what-the-readme-claims)."
    )


def _named(rows: Mapping[str, Any], *, fewer: bool) -> str:
    """Return who has less than ours in *rows*, or more, of those that talk."""
    sign = 1 if fewer else -1
    who = [
        name
        for name, row in rows.items()
        if not name.startswith(OURS)
        and name not in CONTROLS
        and sign * row["mean"] < sign * rows[OURS]["mean"]
    ]
    told = [f"{name} ({percent(rows[name]['mean'])})" for name in who]
    return ", ".join(told) or "none"


def rows(results: Results) -> str:
    """Return a row a method: at equal bytes, at the end, beside ours, and what it spent."""
    within, ended, spent = _rows(results, OURS, BUDGET), _rows(results, OURS), _spent(results)
    head = ["method", f"within {BUDGET}", "at the end", f"over {OURS}", "95 %", "corrected p",
            "on the wire", "gradient steps", "energy"]  # fmt: skip
    lines = []
    for name, row in ended.items():
        own, first = spent[name], within[name]
        mark = " †" if first["reached"] < 1 else ""
        ours = name == OURS
        lines.append([
            name,
            f"{percent(first['mean'])}{mark}",
            f"{100 * row['mean']:.1f} ± {100 * row['std']:.1f} %",
            "" if ours else f"{100 * row['difference']:+.1f}",
            "" if ours else points(row["difference_low"], row["difference_high"]),
            "" if ours else f"{row['p_holm']:.3f}",
            size(own["wire_bytes"]),
            count(own["gradient_steps"]),
            joules(own["energy_j"]),
        ])  # fmt: skip
    return table(head, lines)


def _rows(results: Results, against: str, budget: str = "final") -> dict[str, dict]:
    found = results.at(budget, against=against)
    return {row["variant"]: row for row in found.to_dict("records")}


def _spent(results: Results) -> dict[str, dict[str, float]]:
    """Return what each method had spent by its end, means over seeds."""
    return {
        variant: {
            cost: sum(float(costs_over_time(run)[cost].iloc[-1]) for run in own) / len(own)
            for cost in ("wire_bytes", "gradient_steps", "energy_j")
        }
        for variant in dict.fromkeys(results.frame["variant"])
        for own in [results.where(variant=variant)]
    }
