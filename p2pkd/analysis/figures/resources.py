"""Figures over settings of what agents' time went into, and of how old knowledge was."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from p2pkd.analysis.figures import style
from p2pkd.analysis.io.readable import time_scale
from p2pkd.analysis.io.run_set import RunSet
from p2pkd.analysis.measures.resources import QUANTILES, staleness, utilisation

TIMES = {
    "computing": style.BLUE,
    "waiting for slower agents": style.ORANGE,
    "idle": style.LIGHT,
    "offline": style.GREY,
}


def time_shares(results: RunSet, by: str) -> pd.DataFrame:
    """Return what agents' time went into, means over agents and runs, a row a value of *by*.

    The columns are the keys of `TIMES`, shares of the runs' duration that sum to 1; waiting is
    not in idle here.
    """
    rows = []
    for run, value in zip(results, results.frame[by], strict=True):
        table = utilisation(run)
        parts = table[["computing", "waiting"]].fillna(0).mul(table["online"], axis="index").mean()
        online = float(table["online"].mean())
        idle = online - parts.sum()
        rows.append([value, parts["computing"], parts["waiting"], idle, 1 - online])
    frame = pd.DataFrame(rows, columns=[by, *TIMES])
    return frame.groupby(by, sort=False).mean().clip(lower=0)


def plot_time_shares(results: RunSet, by: str, ax: Axes | None = None) -> Axes:
    """Draw a bar for each value of *by*: what agents' time went into, see `time_shares`."""
    table = time_shares(results, by)
    ax = style.axes(ax, height=_height(len(table)))
    left = np.zeros(len(table))
    for name, colour in TIMES.items():
        widths = 100 * table[name].to_numpy()
        ax.barh(range(len(table)), widths, left=left, height=0.66, color=colour, label=name)
        left += widths
    _rows(ax, [str(value) for value in table.index])
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of all agents' time (%)")
    ax.legend(
        fontsize=style.FONT - 1, frameon=False, ncols=len(TIMES), loc="lower left",
        bbox_to_anchor=(0, 1), borderaxespad=0.2, handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    return ax


def plot_staleness(results: RunSet, by: str, ax: Axes | None = None) -> Axes:
    """Draw how old knowledge was when it was used, for each value of *by*.

    The dot is the median over all uses in all runs, the thick line the middle half, the thin one
    the middle 90 %.  Values without any use are left out.
    """
    found = {
        value: _ages(results.where(**{by: value})) for value in dict.fromkeys(results.frame[by])
    }
    found = {value: ages for value, ages in found.items() if len(ages)}
    ax = style.axes(ax, height=_height(len(found)))
    quantiles = [np.quantile(ages, QUANTILES) for ages in found.values()]
    scale = time_scale(max((float(row[-1]) for row in quantiles), default=0.0))
    for place, row in enumerate(quantiles):
        low, quarter, middle, three, high = (row / scale.factor).tolist()
        ax.plot([low, high], [place, place], color=style.BLUE, linewidth=1)
        ax.plot([quarter, three], [place, place], color=style.BLUE, linewidth=5, alpha=0.5)
        ax.plot(middle, place, "o", color=style.BLUE, ms=5)
    _rows(ax, [str(value) for value in found])
    ax.set_xlim(left=0)
    ax.set_xlabel(f"age of what was learned from ({scale.unit})")
    ax.grid(axis="x", color=style.LIGHT, linewidth=0.7)
    ax.set_axisbelow(True)
    return ax


def _ages(results: RunSet) -> np.ndarray:
    parts = [staleness(run)["staleness_s"].to_numpy(dtype=float) for run in results]
    return np.concatenate(parts) if parts else np.empty(0)


def _rows(ax: Axes, names: list[str]) -> None:
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _height(rows: int) -> float:
    return 0.9 + 0.27 * max(rows, 4)
