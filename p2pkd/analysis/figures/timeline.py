"""What each agent was doing when."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from p2pkd.analysis.figures import style
from p2pkd.analysis.io.readable import time_scale
from p2pkd.analysis.io.run_data import RunData

Intervals = NDArray[np.float64]

# Agents drawn at most, evenly chosen among all.
ROWS = 24
# Nothing is drawn narrower than the axis by so many, or it could not be seen.
STEPS = 800
# What is drawn, the later over the earlier: colour, and height in the agent's row of height 1.
LANES = {
    "predict": (style.SKY, 0.17),
    "train": (style.BLUE, 0.17),
    "merge": (style.PURPLE, 0.17),
    "distill": (style.ORANGE, 0.17),
    "sending": (style.GREEN, -0.17),
}


def plot_timeline(
    result: RunData,
    ax: Axes | None = None,
    *,
    between: tuple[float, float] | None = None,
    agents: Sequence[int] | None = None,
) -> Axes:
    """Draw a row an agent: computing above, sending below, grey while offline, blank while idle.

    Parameters
    ----------
    between : the window in simulated seconds; default: the whole run.
    agents : which; default: at most `ROWS`, evenly chosen.

    What is shorter than 1/800 of the window is drawn that wide.
    """
    start, end = between or (0.0, float(result.summary.get("simulated_s") or 1.0))
    chosen = list(agents) if agents is not None else _sample(len(result.agents))
    ax = style.axes(ax, *size_inches(len(chosen)))
    scale = time_scale(end)
    thickness = 0.25 * _points_a_row(ax, len(chosen))
    names = []
    for name, agent, spans in _lanes(result):
        colour, lift = LANES[name]
        lines = []
        for row, number in enumerate(chosen):
            shown = visible(spans[agent == number], start, end)
            lines += [
                [(a / scale.factor, row - lift), (b / scale.factor, row - lift)]
                for a, b in shown.tolist()
            ]
        if lines:
            names.append(name)
            ax.add_collection(
                LineCollection(lines, colors=colour, linewidths=thickness, capstyle="butt")
            )
    offline = _draw_offline(ax, result, chosen, (start, end), scale.factor)
    style.round_ticks(ax)
    _write_shares(ax, result, chosen, end / scale.factor)
    _frame(ax, chosen, start / scale.factor, end / scale.factor)
    ax.set_xlabel(f"simulated time ({scale.unit})")
    _legend(ax, names, offline)
    return ax


def size_inches(agents: int, width: float = 7.0) -> tuple[float, float]:
    """Return width and height of a figure with rows for *agents* (at most `ROWS`)."""
    return width, 0.9 + 0.19 * max(min(agents, ROWS), 4)


def visible(spans: Intervals, start: float, end: float) -> Intervals:
    """Return the part of *spans* ``(n, 2)`` within the window, wide enough to see, merged.

    The result is sorted and does not overlap, so that it has at most about `STEPS` spans.
    """
    within = spans[(spans[:, 1] >= start) & (spans[:, 0] <= end)]
    if not len(within):
        return within
    width = (end - start) / STEPS
    left = np.clip(within[:, 0], start, end)
    right = np.maximum(np.clip(within[:, 1], start, end), left + width)
    order = np.argsort(left, kind="stable")
    left, right = left[order], np.maximum.accumulate(right[order])
    first = np.concatenate([[True], left[1:] > right[:-1]])
    last = np.concatenate([first[1:], [True]])
    return np.column_stack([left[first], right[last]])


def offline_spans(presence: pd.DataFrame, agent: int, end_s: float) -> Intervals:
    """Return when *agent* was offline, shape ``(n, 2)``, seconds."""
    mine = presence[presence["agent"] == agent]
    spans, since = [], None
    for time, online in zip(mine["time_s"].tolist(), mine["online"].tolist(), strict=True):
        if not online and since is None:
            since = time
        elif online and since is not None:
            spans.append((since, time))
            since = None
    if since is not None:
        spans.append((since, end_s))
    return np.array(spans, dtype=float).reshape(-1, 2)


def _lanes(result: RunData) -> list[tuple[str, NDArray[np.int64], Intervals]]:
    compute, messages = result.compute, result.messages
    kinds = compute["kind"].astype(str)
    lanes = [
        (kind, *_spans(compute[kinds == kind], "agent", "started_s"))
        for kind in LANES
        if kind != "sending"
    ]
    return [*lanes, ("sending", *_spans(messages, "sender", "sent_s"))]


def _spans(frame: pd.DataFrame, agent: str, start: str) -> tuple[NDArray[np.int64], Intervals]:
    return frame[agent].to_numpy(), frame[[start, "ended_s"]].to_numpy(dtype=float)


def _draw_offline(
    ax: Axes, result: RunData, chosen: list[int], window: tuple[float, float], factor: float
) -> bool:
    found = False
    for row, agent in enumerate(chosen):
        for a, b in visible(offline_spans(result.presence, agent, window[1]), *window).tolist():
            ax.barh(row, (b - a) / factor, 0.9, a / factor, color="#d0d0d0", zorder=0)
            found = True
    return found


def _frame(ax: Axes, chosen: list[int], left: float, right: float) -> None:
    ax.set_xlim(left, right)
    ax.set_ylim(len(chosen) - 0.4, -0.6)
    every = max(1, len(chosen) // ROWS)
    ax.set_yticks(range(0, len(chosen), every), [str(agent) for agent in chosen[::every]])
    ax.set_ylabel("agent")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    for row in range(len(chosen)):
        ax.axhline(row, color=style.LIGHT, linewidth=0.5, zorder=-1)


def _write_shares(ax: Axes, result: RunData, chosen: list[int], right: float) -> None:
    """Write beside each row what share of its time online the agent computed."""
    agents = result.agents.set_index("agent")
    shares = (agents["computing_s"] / agents["online_s"].where(agents["online_s"] > 0)).fillna(0)
    style_of = {"fontsize": style.FONT - 2, "color": style.GREY, "va": "center"}
    place = {"xytext": (4, 0), "textcoords": "offset points", "annotation_clip": False}
    ax.annotate("computing", xy=(right, -1.2), **place, **style_of)  # type: ignore[arg-type]
    for row, agent in enumerate(chosen):
        share = f"{100 * shares.get(agent, 0.0):.2g} %"
        ax.annotate(share, xy=(right, row), **place, **style_of)  # type: ignore[arg-type]


def _legend(ax: Axes, names: list[str], offline: bool) -> None:
    handles = [Line2D([], [], color=LANES[name][0], linewidth=4, label=name) for name in names]
    if offline:
        handles.append(Line2D([], [], color="#d0d0d0", linewidth=6, label="offline"))
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(handles) or 1,
        frameon=False,
        fontsize=style.FONT - 1,
        borderaxespad=0.2,
        handlelength=1.2,
    )


def _points_a_row(ax: Axes, rows: int) -> float:
    height = float(ax.get_figure(root=True).get_figheight())  # type: ignore[union-attr]
    return 72 * 0.8 * height / max(rows, 1)


def _sample(n: int) -> list[int]:
    return np.unique(np.linspace(0, n - 1, min(n, ROWS)).round().astype(int)).tolist() if n else []
