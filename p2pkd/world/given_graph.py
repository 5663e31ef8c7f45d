"""Graphs that are written out in a scenario, or were a NetworkX graph in Python."""

from __future__ import annotations

from typing import Any

from p2pkd.core.errors import InputError, TraceError
from p2pkd.scenario.topology import GivenGraph
from p2pkd.world.formats.document import Document, RawEdge, RawNode
from p2pkd.world.formats.graph import to_topology
from p2pkd.world.formats.text import Faults, shown
from p2pkd.world.topology import Topology


def given_graph(spec: GivenGraph) -> Topology:
    """Return the graph that *spec* writes out; raise InputError, with all mistakes, if it is none.

    The rules are those of files (`p2pkd.world.formats.graph`).
    """
    faults = Faults("topology")
    document = Document()
    for i, node in enumerate(spec.nodes):
        if isinstance(node, dict) and "id" not in node:
            faults.add(f"nodes.{i}: {shown(node)} has no id")
        elif isinstance(node, dict):
            data = {key: value for key, value in node.items() if key != "id"}
            document.nodes.append(RawNode(node["id"], data))
        else:
            document.nodes.append(RawNode(node, {}))
    for i, edge in enumerate(spec.edges):
        raw = _edge(edge)
        if raw is None:
            faults.add(f"edges.{i}: {shown(edge)} is no edge; write [a, b], [a, b, {{latency: "
                       f"20 ms}}] or {{source: a, target: b}}")  # fmt: skip
        else:
            document.edges.append(raw)
    try:
        return to_topology(document, spec, faults)
    except TraceError as error:
        raise InputError(str(error)) from None


def _edge(edge: Any) -> RawEdge | None:
    if isinstance(edge, dict) and {"source", "target"} <= edge.keys():
        data = {key: value for key, value in edge.items() if key not in ("source", "target")}
        return RawEdge(edge["source"], edge["target"], data)
    if isinstance(edge, list | tuple) and len(edge) in (2, 3):
        data = edge[2] if len(edge) == 3 else {}
        return RawEdge(edge[0], edge[1], data) if isinstance(data, dict) else None
    return None
