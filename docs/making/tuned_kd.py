"""The tables of tuned distillation in docs/methods.md, of tuned-kd and tuned-kd-beside.yaml."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from making.markdown_parts import replace_part
from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.result import Result
from p2pkd.analysis.results import Results

PAGE = "docs/methods.md"
PARTITION, TEMPERATURE, WEIGHT = "data.partition", "method.learn.temperature", "method.learn.weight"
ACCURACY = "final_accuracy_mean"
UNTUNED = (1, 0.5)
ROUND_S = 30.0
# Nobody distils in the first four of all rounds.
ALONE, ROUNDS = 4, 20


def write(place: Path, cells: Results, others: Results) -> None:
    """Write both tables."""
    replace_part(place / PAGE, "tuned-kd", summary(cells, others))
    replace_part(place / PAGE, "tuned-kd-grid", grids(cells))


def grids(cells: Results) -> str:
    """Return accuracy for each temperature and weight, a block a partition."""
    lines = ["| partition | T | " + " | ".join(f"a = {w:g}" for w in _values(cells, WEIGHT)) + " |"]
    lines.append("|---|--:|" + "--:|" * len(_values(cells, WEIGHT)))
    for partition, own in cells.frame.groupby(PARTITION, sort=False):
        table = own.pivot_table(ACCURACY, TEMPERATURE, WEIGHT)
        best = table.to_numpy().max()
        for temperature, row in table.iterrows():
            shown = [f"**{100 * v:.1f}**" if v == best else f"{100 * v:.1f}" for v in row]
            lines.append(f"| {partition} | {temperature:g} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def summary(cells: Results, others: Results) -> str:
    """Return a row a partition: the best cell, its gain and its rounds, and what is beside it."""
    names = list(dict.fromkeys(others.frame["variant"]))
    head = ["partition", "untuned (T 1, a 0.5)", "best cell", "accuracy", "over untuned",
            "over the median cell", "over the worst", "rounds to the median's end",
            *names]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|---|--:|---|" + "--:|" * (len(head) - 3)]
    for partition in _values(cells, PARTITION):
        own = cells.where(**{PARTITION: partition})
        beside = others.where(**{PARTITION: partition})
        lines.append("| " + " | ".join([partition, *_row(own), *_beside(beside, names)]) + " |")
    return "\n".join(lines)


def _row(own: Results) -> list[str]:
    """Return the cells of a partition's row; gains are means of the seeds' differences."""
    ends = own.frame.pivot_table(ACCURACY, "seed", [TEMPERATURE, WEIGHT])
    temperature, weight = ends.mean().idxmax()
    best, median = ends[temperature, weight], ends.median(axis=1)
    runs = own.where(**{TEMPERATURE: temperature, WEIGHT: weight})
    rounds = [_rounds(run, median[run.seed]) for run in runs]
    return [
        _percent(ends[UNTUNED]),
        f"T {temperature:g}, a {weight:g}",
        _percent(best),
        *(_gain(best, other) for other in (ends[UNTUNED], median, ends[ends.mean().idxmin()])),
        f"{sum(rounds) / len(rounds):.1f} of {ROUNDS}",
    ]


def _gain(tuned: pd.Series[float], other: pd.Series[float]) -> str:
    gain = tuned - other
    return f"{100 * gain.mean():+.1f} points, {100 * gain.mean() / other.mean():+.0f} %"


def _beside(others: Results, names: list[str]) -> list[str]:
    return [_percent(others.where(variant=name).frame[ACCURACY]) for name in names]


def _rounds(run: Result, target: float) -> float:
    """Return the turns until *target* is reached, those alone not counted."""
    table = costs_over_time(run)
    taught = table[(table["time_s"] > ALONE * ROUND_S) & (table["accuracy_mean"] >= target)]
    return float(taught["time_s"].iloc[0]) / ROUND_S - ALONE


def _values(results: Results, key: str) -> list[float]:
    return list(dict.fromkeys(results.frame[key]))


def _percent(values: pd.Series[float]) -> str:
    return f"{100 * values.mean():.1f} ± {100 * values.std():.1f}"
