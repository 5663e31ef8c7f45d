"""Figures over many runs: means with their intervals over seeds, labelled where they stand.

Every run is a faint dot.  With two runs a 95 % interval is thirteen standard errors wide and hides
what there is to see, so that it is drawn from three runs on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from p2pkd.analysis.figures import style
from p2pkd.analysis.figures.cost_axis import CostAxis
from p2pkd.analysis.io.readable import energy_scale, size_scale, time_scale
from p2pkd.analysis.io.run_set import RunSet
from p2pkd.analysis.measures.budgets import COSTS
from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.measures.cost import pareto
from p2pkd.analysis.measures.scores import common_words
from p2pkd.analysis.measures.statistics import interval, interval_of

NAMES = {
    "final_disagreement": "disagreement",
    "wire_bytes": "bytes on the wire, all agents together",
    "time_s": "simulated time",
    "energy_j": "energy, all agents together",
    "spectral_gap": "spectral gap of the Metropolis matrix",
    "hub_load": "load of the busiest agent, over the mean",
}
SHARES = ("accuracy", "disagreement", "idle", "computing", "uplink", "downlink")
ENOUGH = 3
# Of more settings than this only those on the front have their names beside them.
LABELLED = 20
WIDE = 20
# Bands of more curves than this lie over each other, and are fainter.
FEW = 5
SCALES = {"wire_bytes": size_scale, "time_s": time_scale, "energy_j": energy_scale}


def plot_settings(
    results: RunSet, by: str, metric: str, hue: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the mean of *metric* for each value of *by*, with its 95 % interval over runs.

    *hue*, another column, puts differently coloured dots side by side.
    """
    ax = style.axes(ax)
    frame = results.frame
    values = list(dict.fromkeys(frame[by]))
    hues = [None] if hue is None else list(dict.fromkeys(frame[hue]))
    for number, shade in enumerate(hues):
        own = frame if shade is None else frame[frame[hue] == shade]
        groups = [own.loc[own[by] == value, metric] for value in values]
        aside = 0.16 * (number - (len(hues) - 1) / 2)
        x = np.arange(len(values)) + aside
        colour, _ = style.look(number)
        name = None if shade is None else f"{_last(hue)} {shade}"
        _dots(ax, x, groups, colour, name)
    ax.set_xticks(range(len(values)), [str(value).replace(" ", "\n", 1) for value in values])
    ax.set_xlim(-0.6, len(values) - 0.4)
    ax.set_ylabel(_name(metric, results))
    _finish(ax, metric)
    if hue is not None:
        style.legend_above(ax)
    return ax


def plot_relation(
    results: RunSet, x: str, y: str, label: str, hue: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the mean of *y* over the mean of *x*, a labelled dot for each value of *label*.

    *hue*, another column, separates and colours.
    """
    ax = style.axes(ax)
    frame = results.frame
    hues = [None] if hue is None else list(dict.fromkeys(frame[hue]))
    for number, shade in enumerate(hues):
        own = frame if shade is None else frame[frame[hue] == shade]
        colour, _ = style.look(number)
        points = [(name, group) for name, group in own.groupby(label, sort=False)]
        at = np.array([group[x].mean() for _, group in points])
        name = None if shade is None else f"{_last(hue)} {shade}"
        means = _dots(ax, at, [group[y] for _, group in points], colour, name)
        for (text, _), place, height in zip(points, at, means, strict=True):
            ax.annotate(
                str(text), (place, height), xytext=(5, 4), textcoords="offset points",
                fontsize=style.FONT - 1.5, color=colour,
            )  # fmt: skip
    if frame[x].min() > 0 and frame[x].max() > WIDE * frame[x].min():
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_xlabel(_name(x))
    ax.set_ylabel(_name(y, results))
    _finish(ax, y)
    if hue is not None:
        style.legend_above(ax)
    return ax


def plot_pareto(
    results: RunSet, by: str | Sequence[str], cost: str = "wire_bytes",
    gain: str = "final_accuracy_mean", ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw each setting's mean *gain* over its mean *cost*, and the front that nobody beats.

    The cost's axis is logarithmic where it spans more than a factor of `WIDE`; settings that cost
    nothing are then dotted lines.
    """
    ax = style.axes(ax)
    keys = [by] if isinstance(by, str) else list(by)
    table = results.frame.groupby(keys, sort=False)[[cost, gain]].mean()
    table["front"] = pareto(table, cost, gain)
    scale = _scale(cost, table[cost].max())
    table[cost] /= scale[0]
    dots, paid = table, table[table[cost] > 0]
    if len(paid) and paid[cost].max() > WIDE * paid[cost].min():
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        for height in table.loc[table[cost] == 0, gain]:
            ax.axhline(height, color=style.GREY, linewidth=0.9, linestyle=":")
        # Where their names are joined to their lines.
        table.loc[table[cost] == 0, cost] = paid[cost].max()
        dots = table.loc[paid.index]
    front = dots[dots["front"]].sort_values(cost)
    ax.plot(front[cost], front[gain], color=style.BLUE, linewidth=1, zorder=0)
    colours = [style.BLUE if on else style.GREY for on in table["front"]]
    seen = [style.BLUE if on else style.GREY for on in dots["front"]]
    ax.scatter(dots[cost], dots[gain], s=26, color=seen, linewidths=0)
    ax.set_xlabel(f"{_name(cost)}{scale[1]}")
    ax.set_ylabel(_name(gain, results))
    _finish(ax, gain)
    ax.margins(x=0.06, y=0.1)
    named = [
        style.End(row[cost], row[gain], _text(name), colour)
        for (name, row), colour in zip(table.iterrows(), colours, strict=True)
        if row["front"] or len(table) <= LABELLED
    ]
    style.label_points(ax, named)
    return ax


def plot_bands(
    results: RunSet, by: str, over: str = "time_s", ax: Axes | None = None,
    budgets: Sequence[str] = (),
) -> Axes:  # fmt: skip
    """Draw what methods deliver over *over*, one of `budgets.COSTS`, a curve for each *by*.

    The band is the 95 % interval over runs, three at least; values between two evaluations are
    interpolated.  The axis is logarithmic where the curves' ends are far apart; those of *budgets*
    that are of this cost are marked.
    """
    if over not in COSTS:
        raise ValueError(f"over must be one of {', '.join(COSTS)}, given {over!r}")
    ax = style.axes(ax)
    groups = {
        value: [costs_over_time(run) for run in results.where(**{by: value})]
        for value in dict.fromkeys(results.frame[by])
    }
    axis = CostAxis(over, [min(t[over].max() for t in tables) for tables in groups.values()])
    ends = []
    for number, (value, tables) in enumerate(groups.items()):
        colour, dash = style.look(number)
        table = _curves(tables, over, log=axis.log)
        if table.empty:
            continue
        found = [interval(row) for row in table.to_numpy()]
        x = table.index.to_numpy() / axis.factor
        whole = np.isfinite(table.to_numpy()).all(1)
        mean = np.where(whole, [each.mean for each in found], np.nan)
        ax.plot(x, mean, color=colour, linestyle=dash, linewidth=1.8, label=str(value))
        if len(table.columns) >= ENOUGH:
            low = np.where(whole, [each.low for each in found], np.nan)
            high = np.where(whole, [each.high for each in found], np.nan)
            faint = 0.12 if len(groups) <= FEW else 0.05
            ax.fill_between(x, low, high, color=colour, alpha=faint, linewidth=0)
        ends += style.ends_of(ax, x, mean, str(value), colour)
    ax.set_ylabel(common_words(results.runs))
    _finish(ax, "accuracy")
    axis.apply(ax)
    if not axis.log:
        style.round_ticks(ax)
        ax.set_xlim(left=0)
    axis.mark(ax, budgets)
    together = len({end.x for end in ends}) == 1
    (style.label_ends if together else style.label_points)(ax, ends)
    return ax


def _text(name: object) -> str:
    return ", ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _curves(tables: Sequence[pd.DataFrame], over: str, *, log: bool) -> pd.DataFrame:
    """Return accuracy ``(n_points, n_runs)`` at costs that all runs came to.

    On a logarithmic axis from where all had spent something; empty if some run never did.
    """
    end = min(table[over].max() for table in tables)
    grid = np.linspace(0, end, 61)
    if log:
        firsts = [table.loc[table[over] > 0, over].min() for table in tables]
        if not np.isfinite(firsts).all() or max(firsts) > end:
            return pd.DataFrame()
        grid = np.geomspace(max(firsts), end, 61)
    columns = [np.interp(grid, table[over], table["accuracy_mean"]) for table in tables]
    return pd.DataFrame(np.column_stack(columns), index=grid)


def _dots(
    ax: Axes, x: Any, groups: Sequence[pd.Series], colour: str, name: str | None
) -> list[float]:
    """Draw a group of values at each of *x*: every one, their mean, its interval; return means."""
    found = [interval_of(group) for group in groups]
    means = [each.mean for each in found]
    bars = [
        (each.mean - each.low, each.high - each.mean) if each.n >= ENOUGH else (0.0, 0.0)
        for each in found
    ]
    ax.errorbar(x, means, yerr=np.transpose(bars), fmt="o", ms=5, color=colour, lw=1.2, label=name)
    for place, group in zip(x, groups, strict=True):
        ax.scatter([place] * len(group), group, s=7, color=colour, alpha=0.35, linewidths=0)
    return means


def _finish(ax: Axes, metric: str) -> None:
    style.grid(ax)
    if any(part in metric for part in SHARES):
        style.percent(ax)


def _scale(cost: str, largest: float) -> tuple[float, str]:
    if cost not in SCALES:
        return 1.0, ""
    scale = SCALES[cost](largest)
    return scale.factor, f" ({scale.unit})"


def _last(key: str | None) -> str:
    """Return the last part of a dotted key, which is what a legend has room for."""
    return str(key).rpartition(".")[2]


def _name(metric: str, results: RunSet | None = None) -> str:
    if results is not None and metric == "final_accuracy_mean":
        return common_words(results.runs)
    return NAMES.get(metric, metric.replace("_", " "))
