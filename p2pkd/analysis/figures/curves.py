"""Curves over time and over bytes, of one run or of several laid over each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from p2pkd.analysis.figures import style
from p2pkd.analysis.figures.cost_axis import CostAxis
from p2pkd.analysis.io.readable import time_scale
from p2pkd.analysis.io.run_data import RunData
from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.measures.compare import labels
from p2pkd.analysis.measures.scores import common_words, delivered, own_evaluations, with_scores
from p2pkd.core.scores import SCORES

Runs = RunData | Sequence[RunData]

# The band of a curve: nine agents in ten lie between these quantiles, less the worst tenth.
BAND = (0.1, 0.9)
MOST_NAMES = 12


def plot_accuracy(results: Runs, ax: Axes | None = None) -> Axes:
    """Draw the accuracy of what methods deliver over simulated time.

    Where that is a mean over agents, the band holds the middle 80 % of them.  For a single run
    whose agents have several kinds of devices, the own models of each kind have a thin line.
    """
    runs = as_list(results)
    ax = style.axes(ax)
    scale = time_scale(max((_end(run) for run in runs), default=0))
    ends = []
    for number, (run, label) in enumerate(zip(runs, _labels(runs), strict=True)):
        colour, dash = (style.BLACK, "-") if len(runs) == 1 else style.look(number)
        mean, of_agents = delivered(run)
        x = mean.index.to_numpy() / scale.factor
        if of_agents:
            band = spread_over_agents(run).reindex(mean.index)
            ax.fill_between(x, band["low"], band["high"], color=colour, alpha=0.1, linewidth=0)
        text = _alone(run) if len(runs) == 1 else label
        ax.plot(x, mean, color=colour, linestyle=dash, linewidth=2, label=text)
        ends += style.ends_of(ax, x, mean, text, colour)
    if len(runs) == 1:
        ends += _plot_groups(ax, runs[0], scale.factor)
    _finish(ax, f"simulated time ({scale.unit})", common_words(runs), ends)
    return ax


def plot_accuracy_over_bytes(
    results: Runs, ax: Axes | None = None, budgets: Sequence[str] = ()
) -> Axes:
    """Draw the accuracy of what methods deliver over the bytes on the wire, of all agents together.

    Where the reference set is downloaded, its bytes are what a curve starts with.  A run that sends
    nothing is a dotted line at its final accuracy.
    """
    return plot_accuracy_over(results, "wire_bytes", ax, budgets)


def plot_accuracy_over(
    results: Runs, cost: str, ax: Axes | None = None, budgets: Sequence[str] = ()
) -> Axes:
    """Draw the accuracy of what methods deliver over what all agents had spent until then.

    *cost* is one of `p2pkd.analysis.measures.communication.COSTS`; its axis is logarithmic where
    the runs' ends are far apart.  Those of *budgets*, such as ``1 MB``, that are of this cost are
    marked.
    """
    runs = as_list(results)
    ax = style.axes(ax)
    tables = [costs_over_time(run) for run in runs]
    axis = CostAxis(cost, [float(table[cost].max()) for table in tables if len(table)])
    spent = [float(table.loc[table[cost] > 0, cost].min()) for table in tables]
    low = min((x for x in spent if x == x), default=0.0) if axis.log else 0.0
    ends = []
    for number, (table, label) in enumerate(zip(tables, _labels(runs), strict=True)):
        colour, dash = style.look(number)
        x, y = table[cost] / axis.factor, table["accuracy_mean"]
        if len(y) and not x.any() and axis.largest:
            x, y = pd.Series([low, axis.largest / axis.factor]), y.iloc[[-1, -1]]
            dash = ":"
        x, y = (x[x > 0], y[(x > 0).to_numpy()]) if axis.log else (x, y)
        ax.plot(x, y, color=colour, linestyle=dash, linewidth=2, label=label, marker=".", ms=4)
        ends += style.ends_of(ax, x.to_numpy(), y, label, colour) if len(runs) > 1 else []
    _finish(ax, axis.label, common_words(runs), ends, axis, budgets)
    return ax


def plot_disagreement(results: Runs, ax: Axes | None = None) -> Axes:
    """Draw how diverse the agents are over simulated time.

    Disagreement is the share of test rows on which two random agents differ; the ensemble's lead is
    its accuracy less the mean over the agents' own models.  Both near zero: the agents have become
    copies.
    """
    runs = as_list(results)
    ax = style.axes(ax)
    scale = time_scale(max((_end(run) for run in runs), default=0))
    ends = []
    for number, (run, label) in enumerate(zip(runs, labels(runs), strict=True)):
        table = run.population
        x = table["time_s"].to_numpy() / scale.factor
        own = "agents_accuracy_mean" if "agents_accuracy_mean" in table else "accuracy_mean"
        lead = table["ensemble_accuracy"] - table[own]
        prefix = f"{label}: " if len(runs) > 1 else ""
        for dash, y, what in (
            ("-", table["disagreement"], "disagreement"),
            ("--", lead, "ensemble's lead"),
        ):
            colour = style.PALETTE[number % len(style.PALETTE)]
            ax.plot(x, y, color=colour, linestyle=dash, linewidth=1.8, label=prefix + what)
            ends += style.ends_of(ax, x, y, prefix + what, colour)
    _finish(ax, f"simulated time ({scale.unit})", "share of test rows", ends)
    return ax


def spread_over_agents(run: RunData) -> pd.DataFrame:
    """Return mean and band's edges over the agents' own models, indexed by time in seconds.

    Nan where agents had diverged.
    """
    groups = own_evaluations(run).groupby("time_s")["accuracy"]
    low, high = BAND
    table = pd.DataFrame(
        {"mean": groups.mean(), "low": groups.quantile(low), "high": groups.quantile(high)}
    )
    return table.where(groups.count() == groups.size())


def _labels(runs: Sequence[RunData]) -> list[str]:
    return with_scores(labels(runs), runs)


def _alone(run: RunData) -> str:
    score = run.summary.get("score") or "agents"
    return "all agents" if score == "agents" else SCORES[score]


def as_list(results: Runs) -> list[RunData]:
    """Return one run or several as a list."""
    return [results] if isinstance(results, RunData) else list(results)


def _plot_groups(ax: Axes, run: RunData, factor: float) -> list[style.End]:
    devices = run.agents.set_index("agent")["device"].astype(str)
    names = list(dict.fromkeys(devices))
    if len(names) < 2:
        return []
    rows = own_evaluations(run)
    groups = rows.groupby([rows["agent"].map(devices), "time_s"])["accuracy"]
    means = groups.mean().where(groups.count() == groups.size())
    ends = []
    for number, name in enumerate(names):
        colour, dash = style.look(number)
        line = means.loc[name] if name in means.index.get_level_values(0) else means.iloc[:0]
        x = line.index.to_numpy() / factor
        ax.plot(x, line, color=colour, linestyle=dash, linewidth=1.1, label=name)
        ends += style.ends_of(ax, x, line, name, colour)
    return ends


def _finish(
    ax: Axes, x_label: str, y_label: str, ends: list[style.End], axis: CostAxis | None = None,
    budgets: Sequence[str] = (),
) -> None:  # fmt: skip
    ax.set_xlabel(x_label)
    ax.set_ylabel(y_label)
    style.percent(ax)
    style.grid(ax)
    right, low = ax.dataLim.xmax, ax.dataLim.ymin
    log = axis is not None and axis.log
    if axis is not None and log:
        axis.apply(ax)
    else:
        style.round_ticks(ax)
        if math.isfinite(right) and right > 0:
            ax.set_xlim(0, right)
    ax.set_ylim(min(0, low) if math.isfinite(low) else 0, min(1.02, ax.get_ylim()[1]))
    if axis is not None:
        axis.mark(ax, budgets)
    (style.label_points if log and len(ends) <= MOST_NAMES else style.label_ends)(ax, ends)
    if not math.isfinite(right):
        drawn = any(len(line.get_xdata()) for line in ax.lines)  # type: ignore[arg-type]
        text = "diverged before the first evaluation" if drawn else "nothing was evaluated"
        ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center")


def _end(run: RunData) -> float:
    return float(run.summary.get("simulated_s") or 0)
