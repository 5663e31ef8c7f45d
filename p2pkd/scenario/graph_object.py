"""A NetworkX graph in plain data, as the topology `kind: graph` has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pkd.core.errors import InputError


def with_plain_graph(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* with a NetworkX graph under `topology` written out.

    The graph stands in place of a topology's kind, or under its key `graph`, beside other keys.
    """
    topology = values.get("topology")
    if _is_graph(topology):
        return {**values, "topology": plain_graph(topology)}
    if isinstance(topology, Mapping) and _is_graph(topology.get("graph")):
        rest = {key: value for key, value in topology.items() if key != "graph"}
        return {**values, "topology": {**plain_graph(topology["graph"]), **rest}}
    return dict(values)


def _is_graph(value: Any) -> bool:
    # By its methods: NetworkX need not be imported for scenarios without such a graph.
    return all(hasattr(value, name) for name in ("nodes", "edges", "is_directed", "is_multigraph"))


def plain_graph(graph: Any) -> dict[str, Any]:
    """Return the topology that says what the NetworkX graph *graph* says.

    Raise InputError where a node or an attribute is no plain value.
    """
    nodes = [
        {"id": _name(node), **_attributes(data, f"node {node!r}")}
        for node, data in graph.nodes(data=True)
    ]
    edges = []
    for a, b, data in graph.edges(data=True):
        attributes = _attributes(data, f"edge {a!r} - {b!r}")
        edges.append([_name(a), _name(b), attributes] if attributes else [_name(a), _name(b)])
    bare = [node["id"] if len(node) == 1 else node for node in nodes]
    directed = {"directed": True} if graph.is_directed() else {}
    return {"kind": "graph", "nodes": bare, "edges": edges, **directed}


def _name(node: Any) -> int | str:
    value = node.item() if type(node).__module__ == "numpy" and hasattr(node, "item") else node
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InputError(
            f"topology: node {node!r} is a {type(node).__name__}; names are texts or whole numbers "
            f"(networkx.relabel_nodes gives others)"
        )
    return value


def _attributes(data: Mapping[Any, Any], what: str) -> dict[str, Any]:
    return {str(key): _plain(value, f"{what}: {key}") for key, value in data.items()}


def _plain(value: Any, what: str) -> Any:
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item, what) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise InputError(f"topology: {what} is a {type(value).__name__}; give a text or a number")
