"""The README's figure and what it claims, from scenarios/studies/claim.yaml."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from making.markdown_parts import points, replace_part, table
from p2pkd.analysis.communication import costs_over_time
from p2pkd.analysis.readable import count, joules, percent, size
from p2pkd.analysis.results import Results
from p2pkd.analysis.study_figures import plot_bands

OURS, ALONE, BUDGET = "gossip distillation", "isolated", "1 MB"


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
    row = _rows(results, ALONE)[OURS]
    spent = _spent(results)
    ended = _rows(results, OURS)
    each = "; ".join(
        f"{name} {percent(ended[name]['mean'])}, {count(own['gradient_steps'])} steps, "
        f"{size(own['wire_bytes'])}, {joules(own['energy_j'])}"
        for name, own in spent.items()
    )
    return (
        f"bands are 95 % intervals over {seeds} seeds. Distillation ends "
        f"{100 * row['difference']:.1f} points of mean test accuracy (95 %: "
        f"{points(row['difference_low'], row['difference_high'])}) above the same agents on their "
        "own with the same private gradient steps. At the end, with all gradient steps, bytes and "
        f"energy of all agents: {each}. Differences with their intervals are in "
        "[methods](docs/methods.md#what-the-readme-claims)."
    )


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
