"""Graphs as XML: GraphML and GEXF, as NetworkX, Gephi and the Topology Zoo write them."""

from __future__ import annotations

from typing import Any

from p2pkd.world.formats.document import Document, RawEdge, RawNode, Spot
from p2pkd.world.formats.text import Faults, shown
from p2pkd.world.formats.xml_tree import Element, read_xml


def read_graphml(text: str, faults: Faults) -> Document:
    """Return what the GraphML of *text* says; mistakes are added to *faults*."""
    root = read_xml(text, faults)
    graphs = list(root.all("graph"))
    if root.name != "graphml" or len(graphs) != 1:
        faults.stop(f"GraphML has one <graph> in <graphml>, found {len(graphs)} in <{root.name}>")
    keys = _keys(root, faults)
    default = graphs[0].attributes.get("edgedefault") == "directed"
    document = Document()
    for element in graphs[0].children:
        spot = Spot(element.line, element.column)
        if element.first("graph") is not None:
            faults.add(f"<{element.name}> has a graph inside; take the groups apart", *spot)
        elif element.name == "node":
            data = _data(element, keys, "node", faults)
            document.nodes.append(RawNode(_id(element, "id", faults), data, spot))
        elif element.name == "edge":
            a, b = (_id(element, key, faults) for key in ("source", "target"))
            data = _data(element, keys, "edge", faults)
            directed = element.attributes.get("directed", str(default)).casefold() == "true"
            document.edges.append(RawEdge(a, b, data, spot, directed))
        elif element.name == "hyperedge":
            faults.add("a <hyperedge> joins more than two nodes; write edges", *spot)
    return document


def _id(element: Element, key: str, faults: Faults) -> str:
    value = element.attributes.get(key, "")
    if not value:
        faults.add(f"<{element.name}> has no {key}", element.line, element.column)
    return value


Keys = dict[str, tuple[str, str, str | None]]
"""By id: for what a key is, its name, and its default."""


def _keys(root: Element, faults: Faults) -> Keys:
    found: Keys = {}
    for key in root.all("key"):
        name, what = key.attributes.get("id", ""), key.attributes.get("for", "all")
        if name in found:
            faults.add(f"<key> {shown(name)} is there twice", key.line, key.column)
        default = key.first("default")
        title = key.attributes.get("attr.name") or ""
        found[name] = (what, title, default.text.strip() if default is not None else None)
    return found


def _data(element: Element, keys: Keys, what: str, faults: Faults) -> dict[str, Any]:
    data: dict[str, Any] = {
        title: default
        for kind, title, default in keys.values()
        if kind in (what, "all") and default is not None and title
    }
    given: set[str] = set()
    for item in element.all("data"):
        key = item.attributes.get("key", "")
        if key not in keys:
            faults.add(
                f"<data> has the key {shown(key)}, which no <key> is", item.line, item.column
            )
            continue
        title = keys[key][1]
        if title in given:
            faults.add(f"{shown(title)} is given twice", item.line, item.column)
        if title:  # else of another program, such as the shapes of yEd
            given.add(title)
            data[title] = item.text.strip()
    return data


def read_gexf(text: str, faults: Faults) -> Document:
    """Return what the GEXF of *text* says; mistakes are added to *faults*."""
    root = read_xml(text, faults)
    graph = root.first("graph")
    if root.name != "gexf" or graph is None:
        faults.stop(f"GEXF has a <graph> in <gexf>, found <{root.name}>")
    titles = {what: _titles(graph, what, faults) for what in ("node", "edge")}
    default = graph.attributes.get("defaultedgetype", "undirected")
    document = Document()
    for part in graph.all("nodes"):
        for node in part.all("node"):
            data = _values(node, titles["node"], faults)
            position = node.first("position")
            if position is not None and not {"x", "y"} & data.keys():
                data |= {key: position.attributes.get(key, "") for key in ("x", "y")}
            if node.attributes.get("label"):
                data.setdefault("label", node.attributes["label"])
            if node.first("nodes") is not None:
                faults.add("a <node> has nodes inside; take the groups apart", *_spot(node))
            document.nodes.append(RawNode(_id(node, "id", faults), data, _spot(node)))
    for part in graph.all("edges"):
        for edge in part.all("edge"):
            a, b = (_id(edge, key, faults) for key in ("source", "target"))
            data = _values(edge, titles["edge"], faults)
            if "weight" in edge.attributes:
                data.setdefault("weight", edge.attributes["weight"])
            directed = edge.attributes.get("type", default) == "directed"
            document.edges.append(RawEdge(a, b, data, _spot(edge), directed))
    return document


def _spot(element: Element) -> Spot:
    return Spot(element.line, element.column)


def _titles(graph: Element, what: str, faults: Faults) -> dict[str, tuple[str, str | None]]:
    """Return the names and defaults of attributes by their ids."""
    found: dict[str, tuple[str, str | None]] = {}
    for part in graph.all("attributes"):
        if part.attributes.get("class") != what:
            continue
        for attribute in part.all("attribute"):
            name = attribute.attributes.get("id", "")
            if name in found:
                faults.add(f"<attribute> {shown(name)} is there twice", *_spot(attribute))
            default = attribute.first("default")
            title = attribute.attributes.get("title", "")
            found[name] = (title, default.text.strip() if default is not None else None)
    return found


def _values(
    element: Element, titles: dict[str, tuple[str, str | None]], faults: Faults
) -> dict[str, Any]:
    if {"start", "end", "startopen", "endopen"} & element.attributes.keys() or element.first(
        "spells"
    ):
        faults.add(
            f"<{element.name}> comes and goes; export a graph that stays, and give changes to "
            f"dynamics: {{kind: edge_list}}",
            *_spot(element),
        )
    data: dict[str, Any] = {
        title: default for title, default in titles.values() if default is not None
    }
    given: set[str] = set()
    for part in element.all("attvalues"):
        for value in part.all("attvalue"):
            key = value.attributes.get("for", value.attributes.get("id", ""))
            if key not in titles:
                faults.add(
                    f"<attvalue> is for {shown(key)}, which no <attribute> is", *_spot(value)
                )
                continue
            title = titles[key][0]
            if title in given:
                faults.add(f"{shown(title)} is given twice", *_spot(value))
            given.add(title)
            data[title] = value.attributes.get("value", "")
    return data
