"""What each kind of device came to: one dot an agent."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from p2pkd.analysis.figures import style
from p2pkd.analysis.io.run_data import RunData
from p2pkd.analysis.measures.troubles import diverged


def plot_devices(result: RunData, ax: Axes | None = None) -> Axes:
    """Draw every agent's own model's final accuracy, by kind of device; bars mark groups' means."""
    ax = style.axes(ax)
    devices = result.agents["device"].astype(str).to_numpy()
    accuracy = result.agents["accuracy"].to_numpy(dtype=float)
    lost = diverged(result.agents).to_numpy()
    names = list(dict.fromkeys(devices.tolist()))
    for place, name in enumerate(names):
        own = np.sort(accuracy[(devices == name) & np.isfinite(accuracy)])
        colour, _ = style.look(place)
        # Neighbours in accuracy stand apart, by the golden ratio, so that dots seldom overlap.
        aside = (np.arange(len(own)) * 0.618) % 1 - 0.5
        ax.scatter(place + 0.36 * aside, own, s=22, color=colour, alpha=0.75, linewidths=0)
        gone = int((lost & (devices == name)).sum())
        if gone:
            ax.annotate(f"{gone} diverged", (place, 0), color="red", ha="center", fontsize=8)
        elif len(own):
            mean = float(own.mean())
            ax.plot([place - 0.3, place + 0.3], [mean, mean], color="black", linewidth=1.5)
            ax.annotate(f"{100 * mean:.1f} %", (place + 0.33, mean), va="center", fontsize=8)
    sizes = [int((devices == name).sum()) for name in names]
    ticks = [f"{name}\n{size} agents" for name, size in zip(names, sizes, strict=True)]
    ax.set_xticks(range(len(names)), ticks)
    ax.set_xlim(-0.6, max(len(names), 1) - 0.3)
    ax.set_ylabel("final test accuracy of own model")
    style.percent(ax)
    style.grid(ax)
    return ax
