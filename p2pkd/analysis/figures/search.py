"""Figures of searches, of agents taken away, and of who carries the load."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from p2pkd.analysis.figures import style
from p2pkd.analysis.measures.trials import finished


def plot_trials(trials: pd.DataFrame, *, maximise: bool, ax: Axes | None = None) -> Axes:
    """Draw the objective of each trial in order, and the best so far.

    *trials* has ``trial``, ``status`` and ``objective``; those given up are crosses at the bottom.
    """
    ax = style.axes(ax)
    done = finished(trials)
    best = done["objective"].cummax() if maximise else done["objective"].cummin()
    ax.scatter(
        done["trial"], done["objective"], s=22, color=style.BLUE, linewidths=0, label="trial"
    )
    ax.step(
        done["trial"], best, where="post", color=style.ORANGE, linewidth=1.5, label="best so far"
    )
    over = trials[trials["status"] == "pruned"]
    if len(over):
        ax.plot(
            over["trial"], np.full(len(over), 0.02), "x", color=style.GREY, ms=5, mew=1.2,
            transform=ax.get_xaxis_transform(), label="given up", clip_on=False,
        )  # fmt: skip
    ax.set_xlabel("trial")
    ax.set_ylabel("objective")
    style.grid(ax)
    style.round_ticks(ax)
    ax.legend(fontsize=style.FONT - 1, frameon=False, ncols=3, loc="lower left",
              bbox_to_anchor=(0, 1), borderaxespad=0.2)  # fmt: skip
    return ax


def plot_influence(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what the others lose without an agent over its betweenness; bars are 95 % intervals.

    *table* is that of `p2pkd.analysis.measures.influence.influence`; intervals need three seeds.
    """
    ax = style.axes(ax)
    x = table["betweenness"].to_numpy(dtype=float)
    y = 100 * table["influence"].to_numpy(dtype=float)
    spread = 100 * np.stack([table["influence"] - table["low"], table["high"] - table["influence"]])
    bars = np.where(table["n"].to_numpy() >= 3, np.nan_to_num(spread), 0.0)
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    ax.errorbar(x, y, yerr=bars, fmt="o", ms=5, color=style.BLUE, lw=0.9)
    for text, place, height in zip(table["node"], x.tolist(), y.tolist(), strict=True):
        ax.annotate(
            str(text), (place, height), xytext=(5, 4), textcoords="offset points",
            fontsize=style.FONT - 1.5, color=style.GREY,
        )  # fmt: skip
    ax.set_xlabel("betweenness: share of shortest paths that lead over the agent")
    ax.set_ylabel("accuracy the others lose (points)")
    style.grid(ax)
    return ax


def plot_load(table: pd.DataFrame, by: str, ax: Axes | None = None) -> Axes:
    """Draw every agent's load, over the mean of its run, for each value of *by*.

    *table* is that of `p2pkd.analysis.measures.settings.load_over_mean`.
    """
    ax = style.axes(ax)
    values = list(dict.fromkeys(table[by]))
    devices = list(dict.fromkeys(table["device"].astype(str)))
    for number, device in enumerate(devices):
        colour, _ = style.look(number)
        own = table[table["device"].astype(str) == device]
        place = own[by].map(values.index).to_numpy(dtype=float)
        # Agents stand apart, by the golden ratio, so that dots seldom overlap.
        aside = 0.5 * ((np.arange(len(own)) * 0.618) % 1 - 0.5)
        ax.scatter(
            place + aside, own["load"], s=8, color=colour, alpha=0.4, linewidths=0, label=device
        )
    ax.axhline(1, color=style.GREY, linewidth=0.8)
    ax.set_xticks(range(len(values)), [str(value).replace(" ", "\n", 1) for value in values])
    ax.set_xlim(-0.6, len(values) - 0.4)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("bytes of an agent over the mean")
    style.grid(ax)
    if len(devices) > 1:
        ax.legend(fontsize=style.FONT - 1, frameon=False, markerscale=2)
    return ax
