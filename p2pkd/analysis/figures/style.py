"""One look for all figures: colours that colour-blind readers can tell apart, little ink.

Figures are made without pyplot, so that they hold no global state and work in threads and without
a screen.  Colours are those of Okabe and Ito (2008), *Color Universal Design*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, AMBER, BLACK = "#56B4E9", "#E69F00", "#000000"
# A grey in place of their yellow, in which names cannot be read on white.
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY, BLACK, "#8C8C8C")
DASHES = ("-", "--", ":", "-.")
GREY, LIGHT = "#6b6b6b", "#e8e8e8"
SEQUENTIAL = "viridis"
FONT = 9.0


def axes(ax: Axes | None, width: float = 6.0, height: float = 3.6) -> Axes:
    """Return *ax*, or the axes of a new figure of *width* x *height* inches, in the house style."""
    if ax is None:
        ax = Figure(figsize=(width, height), layout="constrained").add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(colors=GREY, labelcolor="black", labelsize=FONT - 1, length=3)
    ax.xaxis.label.set_fontsize(FONT)
    ax.yaxis.label.set_fontsize(FONT)
    return ax


def bare(ax: Axes) -> None:
    """Take away frame and ticks, for drawings that have no axes."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)


def grid(ax: Axes) -> None:
    """Draw faint horizontal lines behind the data."""
    ax.grid(axis="y", color=LIGHT, linewidth=0.7)
    ax.set_axisbelow(True)


PER_CENT = FuncFormatter(lambda share, _: f"{100 * share:.4g} %")
"""Writes shares in per cent, with decimals only where a tick has some."""


def round_ticks(ax: Axes) -> None:
    """Put the x axis' ticks at 1, 2 or 5 times a power of ten."""
    ax.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))


def percent(ax: Axes) -> None:
    """Write shares on the y axis in per cent."""
    ax.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(PER_CENT)


def look(number: int) -> tuple[str, str]:
    """Return colour and line style of curve *number*; 32 differ."""
    return PALETTE[number % len(PALETTE)], DASHES[number // len(PALETTE) % len(DASHES)]


class End(NamedTuple):
    """Where a curve ends, and what to write there."""

    x: float
    y: float
    text: str
    colour: str


def ends_of(ax: Axes, x: Any, y: Any, text: str, colour: str) -> list[End]:
    """Return where the curve *y* over *x* ends: at its last finite point; nothing without one.

    A cross marks each finite point that a nan follows, where models diverged.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    finite = np.flatnonzero(np.isfinite(y))
    if not len(finite):
        return []
    broken = [i for i in finite if i + 1 < len(y) and not np.isfinite(y[i + 1])]
    if broken:
        ax.plot(x[broken], y[broken], "x", color=colour, markersize=8, markeredgewidth=2)
    last = finite[-1]
    said = f"{text} (diverged)" if last in broken else text
    return [End(float(x[last]), float(y[last]), said, colour)]


def label_ends(ax: Axes, ends: Sequence[End]) -> None:
    """Write each curve's name beside its end, moved apart where names would overlap.

    To be called when the axes' limits are final; more than a dozen curves get a legend instead.
    """
    if not ends:
        return
    if len(ends) > 12:
        ax.legend(fontsize=FONT - 1, frameon=False, ncols=2)
        return
    low, high = ax.get_ylim()
    gap = 1.35 * FONT / (72 * ax.get_position().height * _height(ax)) * (high - low)
    heights = spread(np.array([end.y for end in ends]), gap)
    right = max(end.x for end in ends)
    for end, height in zip(ends, heights.tolist(), strict=True):
        ax.annotate(
            end.text,
            xy=(right, height),
            xytext=(5, 0),
            textcoords="offset points",
            color=end.colour,
            fontsize=FONT - 0.5,
            va="center",
            annotation_clip=False,
        )


def legend_above(ax: Axes) -> None:
    """Put a legend above the axes, where it hides nothing, in as many columns as fit."""
    _, names = ax.get_legend_handles_labels()
    columns = max(1, min(len(names), 90 // (6 + max(map(len, names), default=1))))
    ax.legend(
        fontsize=FONT - 1, frameon=False, ncols=columns, loc="lower left", bbox_to_anchor=(0, 1),
        borderaxespad=0.2, handletextpad=0.4, columnspacing=1.2,
    )  # fmt: skip


def label_points(ax: Axes, points: Sequence[End]) -> None:
    """Write each point's name at the right of the axes, joined to it by a thin line.

    To be called when the axes' limits are final.
    """
    low, high = ax.get_ylim()
    gap = 1.25 * (FONT - 1) / (72 * ax.get_position().height * _height(ax)) * (high - low)
    heights = spread(np.array([point.y for point in points]), gap)
    for point, height in zip(points, heights.tolist(), strict=True):
        ax.annotate(
            point.text,
            xy=(point.x, point.y),
            xytext=(1.04, height),
            textcoords=ax.get_yaxis_transform(),
            color=point.colour,
            fontsize=FONT - 1,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": point.colour, "lw": 0.4, "alpha": 0.6,
                        "shrinkA": 1, "shrinkB": 3},
        )  # fmt: skip


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Return heights in the order of *wanted*, at least *gap* apart, moved as little as possible.

    Neighbours that are too close form a block that stays centred on its members' mean.
    """
    order = np.argsort(wanted, kind="stable")
    blocks: list[tuple[float, int]] = []  # centre, number of members
    for height in wanted[order].tolist():
        centre, size = height, 1
        while blocks and centre - blocks[-1][0] < gap * (size + blocks[-1][1]) / 2:
            below, members = blocks.pop()
            centre = (below * members + centre * size) / (members + size)
            size += members
        blocks.append((centre, size))
    placed = [c + gap * (i - (n - 1) / 2) for c, n in blocks for i in range(n)]
    result = np.empty(len(wanted))
    result[order] = placed
    return result


def _height(ax: Axes) -> float:
    return float(ax.get_figure(root=True).get_figheight())  # type: ignore[union-attr]
