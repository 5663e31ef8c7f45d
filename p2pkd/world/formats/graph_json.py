"""Graphs as JSON: NetworkX's node-link and adjacency forms."""

from __future__ import annotations

from typing import Any

from p2pkd.world.formats.document import Document, RawEdge, RawNode, Spot
from p2pkd.world.formats.json_text import JsonText
from p2pkd.world.formats.text import Faults, shown

FORMS = (
    'a graph in JSON is an object with "nodes" and "edges" (or "links"), or with "nodes" and '
    '"adjacency", as NetworkX writes it'
)


def read_graph_json(text: str, faults: Faults) -> Document:
    """Return what *text* says; mistakes are added to *faults*."""
    source = JsonText(text, faults)
    top = source.top
    if not isinstance(top, dict) or not isinstance(top.get("nodes"), list):
        faults.stop(FORMS, 1, 1)
    places = {key: at for key, at, _ in source.members(source.start)}
    edges = [key for key in ("edges", "links", "adjacency") if key in top]
    if len(edges) != 1 or not isinstance(top[edges[0]], list):
        found = ", ".join(map(shown, edges)) or "neither"
        faults.stop(f"{FORMS}; found {found}", 1, 1)
    directed = top.get("directed", False)
    if not isinstance(directed, bool):
        faults.add(f'"directed" must be true or false, given {shown(directed)}')
    document = Document()
    for at, value in source.items(places["nodes"]):
        spot = Spot(*source.spot(at))
        if not isinstance(value, dict) or "id" not in value:
            faults.add(f"node {shown(value)} is not an object with an id", *spot)
            continue
        document.nodes.append(RawNode(value.pop("id"), value, spot))
    reader = _adjacency if edges[0] == "adjacency" else _links
    reader(document, source, places[edges[0]], directed is True)
    return document


def _links(document: Document, source: JsonText, start: int, directed: bool) -> None:
    for at, value in source.items(start):
        spot = Spot(*source.spot(at))
        if not isinstance(value, dict) or not {"source", "target"} <= value.keys():
            source.faults.add(f"edge {shown(value)} has no source and target", *spot)
            continue
        a, b = value.pop("source"), value.pop("target")
        value.pop("key", None)
        document.edges.append(RawEdge(a, b, value, spot, directed))


def _adjacency(document: Document, source: JsonText, start: int, directed: bool) -> None:
    rows = list(source.items(start))
    if len(rows) != len(document.nodes):
        source.faults.check()
        source.faults.stop(
            f"{len(document.nodes)} nodes, but {len(rows)} lists of neighbours; "
            "there must be one for each"
        )
    for node, (begin, row) in zip(document.nodes, rows, strict=True):
        if not isinstance(row, list):
            source.faults.add(f"{shown(row)} is not a list of neighbours", *source.spot(begin))
            continue
        for at, value in source.items(begin):
            spot = Spot(*source.spot(at))
            if not isinstance(value, dict) or "id" not in value:
                source.faults.add(f"neighbour {shown(value)} has no id", *spot)
                continue
            other: Any = value.pop("id")
            value.pop("key", None)
            document.edges.append(RawEdge(node.id, other, value, spot, directed))
    document.doubled = not directed
