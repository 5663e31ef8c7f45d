"""Pictures of the network: the graph with what its nodes achieved, and who sent to whom."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize, to_rgba
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from p2pkd.analysis.figures import style
from p2pkd.analysis.io.readable import size_scale
from p2pkd.analysis.io.run_data import RunData

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

# Beyond so many edges a vector drawing becomes larger than a picture of it.
VECTOR_EDGES = 4000
# A traffic matrix of more agents is drawn in so many groups of neighbours in number.
CELLS = 150


def plot_topology(result: RunData, ax: Axes | None = None) -> Axes:
    """Draw the graph: a node's colour is its own model's accuracy, its shape the kind of device.

    Positions are those of the topology where it has some, else a layout that is the same each time.
    """
    ax = style.axes(ax, 6.0, 4.6)
    style.bare(ax)
    graph = result.topology
    if graph is None:
        ax.text(0.5, 0.5, "the run kept no graph", ha="center", transform=ax.transAxes)
        return ax
    n = len(graph["nodes"])
    at = positions(graph)
    edges = np.array(graph["edges"], dtype=int).reshape(-1, 2)
    lines = LineCollection(
        at[edges],
        colors="#b0b0b0",
        linewidths=0.3 if n > 200 else 0.8,
        zorder=1,
    )
    lines.set_rasterized(len(edges) > VECTOR_EDGES)
    ax.add_collection(lines)
    ax.set_aspect("equal")
    _draw_nodes(ax, result, at)
    ax.autoscale_view()
    ax.margins(0.06)
    return ax


def plot_traffic(result: RunData, ax: Axes | None = None) -> Axes:
    """Draw the bytes on the wire from each sender (row) to each receiver (column)."""
    ax = style.axes(ax, 6.0, 4.6)
    messages, n = result.messages, max(len(result.agents), 1)
    cells = min(n, CELLS)
    matrix = np.zeros((cells, cells))
    row = messages["sender"].to_numpy() * cells // n
    column = messages["receiver"].to_numpy() * cells // n
    np.add.at(matrix, (row, column), messages["wire_bytes"].to_numpy())
    scale = size_scale(matrix.max())
    shown = np.ma.masked_equal(matrix / scale.factor, 0)
    image = ax.imshow(
        shown,
        cmap=style.SEQUENTIAL,
        extent=(-0.5, n - 0.5, n - 0.5, -0.5),
        interpolation="nearest",
        vmin=0,
    )
    _colour_bar(ax, image, f"bytes on the wire ({scale.unit})")
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(style.LIGHT)
    ax.set_xlabel("receiver (agent)")
    ax.set_ylabel("sender (agent)")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


def positions(graph: dict[str, Any]) -> NDArray[np.float64]:
    """Return where to draw each node, shape ``(n, 2)``."""
    if graph.get("positions"):
        return np.asarray(graph["positions"], dtype=float)
    n = len(graph["nodes"])
    g: nx.Graph[int] = nx.Graph()
    g.add_nodes_from(range(n))
    g.add_edges_from(map(tuple, graph["edges"]))
    # Force-directed from the circle, of which small worlds are made: short edges stay short.
    start = nx.circular_layout(g)
    if n <= 150 and nx.is_connected(g):
        place = nx.kamada_kawai_layout(g, pos=start)
    else:
        place = nx.spring_layout(g, pos=start, seed=0, iterations=60 if n <= 1500 else 15)
    return np.array([place[i] for i in range(n)], dtype=float).reshape(n, 2)


def _draw_nodes(ax: Axes, result: RunData, at: NDArray[np.float64]) -> None:
    agents = result.agents
    accuracy = agents["accuracy"].to_numpy(dtype=float)
    known = accuracy[np.isfinite(accuracy)]
    norm = Normalize(known.min(), known.max()) if len(known) else None
    devices = agents["device"].astype(str).to_numpy()
    here = agents["agent"].to_numpy()
    names = list(dict.fromkeys(devices.tolist()))
    points = float(np.clip(6000 / max(len(agents), 1), 6, 130))
    for number, name in enumerate(names):
        of = devices == name
        ax.scatter(
            at[here[of], 0],
            at[here[of], 1],
            **_colours(accuracy[of], norm),
            s=points,
            marker=MARKERS[number % len(MARKERS)],
            edgecolors="white",
            linewidths=0.6 if points > 20 else 0.2,
            zorder=2,
            label=name,
        )
    if norm is not None:
        mappable = ScalarMappable(norm, style.SEQUENTIAL)
        bar = _colour_bar(ax, mappable, "final test accuracy of own model")
        bar.ax.yaxis.set_major_formatter(style.PER_CENT)
    if len(names) > 1:
        legend = ax.legend(
            loc="upper center", bbox_to_anchor=(0.5, 0), ncols=4, frameon=False, fontsize=8
        )
        for handle in legend.legend_handles:
            handle.set(sizes=[40], facecolors=style.GREY)  # type: ignore[union-attr]


def _colours(accuracy: NDArray[np.float64], norm: Normalize | None) -> dict[str, Any]:
    """Return how `scatter` is to colour nodes: grey where their accuracy is unknown."""
    if norm is None:
        return {"color": style.GREY}
    colours = ScalarMappable(norm, style.SEQUENTIAL).to_rgba(accuracy)
    colours[~np.isfinite(accuracy)] = to_rgba(style.GREY)
    return {"c": colours}


def _colour_bar(ax: Axes, mappable: Any, label: str) -> Any:
    bar = ax.get_figure(root=True).colorbar(mappable, ax=ax, shrink=0.75, pad=0.02)  # type: ignore[union-attr]
    bar.set_label(label, size=style.FONT)
    bar.ax.tick_params(labelsize=style.FONT - 1, length=3)
    bar.outline.set_visible(False)
    return bar
