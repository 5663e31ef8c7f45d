"""Draw the two pictures of docs/architecture.md: the layers, and the way of a soft label.

As ``python docs/making/architecture.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams.update({"svg.hashsalt": "p2pkd", "font.size": 9, "font.family": "DejaVu Sans"})
import matplotlib.pyplot as plt  # noqa: E402

INK, PALE, WARM = "#1f3b4d", "#e8f0f4", "#f6eadb"

LAYERS = [
    ("cli · extend", "commands; the door for packages that add to this one"),
    ("study · report · verify · calibration", "sweeps, pages, laws, timings of devices"),
    ("run", "the only place that wires all layers"),
    ("analysis · record", "a run directory, written and read"),
    ("engine", "agents, network, transports, clocks, churn (SimPy)"),
    ("gossip", "to whom, when, who starts"),
    (
        "distillation · knowledge",
        "losses, orders of work · what travels (exchange), in bytes",
    ),
    ("learning", "models, optim, data < state < training < compute; learner; backends"),
    ("world", "topology, links, devices, rows of data, frozen"),
    ("scenario", "YAML to frozen specifications"),
    ("core", "errors, units, random streams, records"),
]

WAY = [
    ("sender, its turn", [
        ("Agent._turn_to", "engine/agent.py"),
        ("RowExchange.compose", "knowledge/exchange/rows.py"),
        ("DeferredLearner.predict", "learning/learner.py"),
    ]),
    ("on the wire", [
        ("Message", "engine/message.py"),
        ("Network.send", "engine/network.py"),
        ("Agent.hear", "engine/agent.py"),
    ]),
    ("receiver, its turn", [
        ("Objective.learn", "distillation/base.py"),
        ("Agent.distill", "engine/agent.py"),
        ("DeferredLearner.distill", "learning/learner.py"),
    ]),
    ("later, in groups", [
        ("make_plan", "learning/compute/plan.py"),
        ("Executor.run", "learning/compute/executor.py"),
        ("Kernels.run", "learning/compute/kernels.py"),
    ]),
    ("sender's numbers", [
        ("RowKnowledge.predict", "knowledge/payloads/base.py"),
        ("SoftLabels.head", "knowledge/payloads/labels.py"),
        ("codec.roundtrip", "knowledge/codecs/"),
    ]),
    ("receiver's loss", [
        ("RowTeaching.teach", "learning/training/teaching.py"),
        ("targets_of", "learning/training/steps.py"),
        ("Response.row_gradient", "distillation/response.py"),
    ]),
]  # fmt: skip


def box(ax: Any, place: tuple[float, float], size: tuple[float, float], colour: str) -> None:
    """Draw a box at *place*, its lower left corner."""
    ax.add_patch(plt.Rectangle(place, *size, fc=colour, ec=INK, lw=0.8))


def layers(path: Path) -> None:
    """Draw the layers, of which each imports those below it alone."""
    fig, ax = plt.subplots(figsize=(8.2, 4.6))
    for i, (name, what) in enumerate(reversed(LAYERS)):
        box(ax, (0, i), (10, 0.86), WARM if name in ("engine", "learning") else PALE)
        ax.text(0.15, i + 0.43, name, va="center", weight="bold", color=INK)
        ax.text(3.9, i + 0.43, what, va="center", color=INK)
    ax.annotate("", (10.35, 0.1), (10.35, 10.8), arrowprops={"arrowstyle": "->", "color": INK})
    ax.text(10.5, 5.4, "imports", rotation=270, va="center", color=INK)
    _save(fig, ax, path, (0, 11), (-0.1, 11))


def way(path: Path) -> None:
    """Draw the stops of a soft label, in six parts from left to right and down."""
    fig, ax = plt.subplots(figsize=(8.6, 5.2))
    for k, (title, stops) in enumerate(WAY):
        x, y = 3.7 * (k % 3), 4.6 - 4.4 * (k // 3)
        ax.text(x + 1.6, y + 3.55, f"{k + 1}. {title}", ha="center", weight="bold", color=INK)
        for j, (name, place) in enumerate(stops):
            low = y + 2.4 - 1.1 * j
            box(ax, (x, low), (3.2, 0.86), WARM if k < 3 else PALE)
            ax.text(x + 1.6, low + 0.56, name, ha="center", va="center", size=8.5, color=INK)
            ax.text(x + 1.6, low + 0.22, place, ha="center", va="center", size=6.5, color="#557")
            if j:
                arrow = {"arrowstyle": "->", "color": INK}
                ax.annotate("", (x + 1.6, low + 0.88), (x + 1.6, low + 1.08), arrowprops=arrow)
        if k % 3 < 2:
            arrow = {"arrowstyle": "->", "color": INK}
            ax.annotate("", (x + 3.68, y + 2.85), (x + 3.24, y + 0.6), arrowprops=arrow)
    note = "1 to 3 happen in simulated time and move no numbers; 4 to 6 when somebody looks"
    ax.text(5.3, -0.35, note, ha="center", style="italic", color=INK)
    _save(fig, ax, path, (-0.2, 11), (-0.7, 8.6))


def _save(fig: Any, ax: Any, path: Path, x: tuple[float, float], y: tuple[float, float]) -> None:
    ax.set_xlim(*x)
    ax.set_ylim(*y)
    ax.axis("off")
    fig.tight_layout(pad=0.3)
    fig.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(fig)


if __name__ == "__main__":
    folder = Path("docs/img")
    layers(folder / "architecture-layers.svg")
    way(folder / "architecture-soft-label.svg")
