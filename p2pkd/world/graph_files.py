"""Graph files: GraphML, edge lists and node-link JSON, with units on their edges."""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import networkx as nx

from p2pkd.core.errors import TraceError, suggestion
from p2pkd.core.units import DURATION, RATE, Dimension
from p2pkd.world.paths import locate
from p2pkd.world.topology import Topology

QUANTITIES = {"latency": ("latency_s", DURATION), "bandwidth": ("bandwidth", RATE)}


def read_graph(path: str, base: Path) -> Topology:
    """Read the graph file *path*, looked for from *base*; nodes become agents in their order.

    Directed and parallel edges are taken as one undirected edge.  Raise TraceError, with the file
    and the place, if it cannot be read or a `latency` or `bandwidth` has no unit.
    """
    file = locate(path, base, TraceError, "topology.file.path")
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        known = suggestion(file.suffix, READERS)
        raise TraceError(f"{file}: the ending {file.suffix!r} names no graph format{known}")
    try:
        graph: nx.Graph[Any] = nx.Graph(reader(file))
    except (nx.NetworkXError, ParseError, ValueError, KeyError, TypeError, OSError) as error:
        raise TraceError(f"{file}: cannot be read as a graph: {error}") from error
    if not len(graph):
        raise TraceError(f"{file}: the graph has no nodes")
    for a, b, data in graph.edges(data=True):
        for key, (name, dimension) in QUANTITIES.items():
            if key in data:
                data[name] = _quantity(data[key], dimension, f"{file}: edge {a} - {b}: {key}")
    for node, data in graph.nodes(data=True):
        if "x" in data and "y" in data:
            data["pos"] = _position(data["x"], data["y"], f"{file}: node {node}")
    return Topology.from_networkx(graph)


def _edge_list(file: Path) -> nx.Graph[Any]:
    """Read lines of ``a b``, then ``key="value"`` pairs or NetworkX's dictionary."""
    graph: nx.Graph[Any] = nx.Graph()
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            a, b, data = _edge(text)
        except (ValueError, SyntaxError) as error:
            raise TraceError(
                f'{file}:{number}: {error}; a line is like: a b latency="20 ms"'
            ) from None
        graph.add_edge(a, b, **data)
    return graph


def _edge(text: str) -> tuple[str, str, dict[str, Any]]:
    plain, brace, _ = text.partition("{")
    words = shlex.split(plain)
    if len(words) < 2:
        raise ValueError(f"{text!r} does not name two nodes")
    pairs = [word.partition("=") for word in words[2:]]
    for key, equals, _ in pairs:
        if not equals:
            raise ValueError(f"{key!r} is not key=value")
    data = dict(ast.literal_eval(text[len(plain) :])) if brace else {}
    return words[0], words[1], {**{key: value for key, _, value in pairs}, **data}


def _node_link(file: Path) -> nx.Graph[Any]:
    document = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or "nodes" not in document:
        raise ValueError('node-link JSON is an object with "nodes" and "edges" (or "links")')
    edges = "edges" if "edges" in document else "links"
    graph: nx.Graph[Any] = nx.node_link_graph(document, edges=edges)
    return graph


READERS: dict[str, Callable[[Path], nx.Graph[Any]]] = {
    ".graphml": nx.read_graphml,
    ".edgelist": _edge_list,
    ".txt": _edge_list,
    ".json": _node_link,
}


def _quantity(value: Any, dimension: Dimension, where: str) -> float:
    try:
        number = dimension.parse(str(value))
    except ValueError as error:
        raise TraceError(f"{where}: {error}") from None
    if number < 0 or (dimension is RATE and number == 0):
        raise TraceError(f"{where}: {value!r} must be more than 0")
    return number


def _position(x: Any, y: Any, where: str) -> tuple[float, float]:
    try:
        return float(x), float(y)
    except (TypeError, ValueError):
        raise TraceError(f"{where}: x and y must be numbers, given {x!r}, {y!r}") from None
