"""Real networks by name, from the optional package `topohub`."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np

from p2pkd.core.errors import InputError
from p2pkd.scenario.topology import Topohub
from p2pkd.world.formats.ids import is_whole, ordered
from p2pkd.world.formats.positions import projected
from p2pkd.world.topology import Topology


def topohub_graph(spec: Topohub) -> Topology:
    """Return the network *spec.name*, with positions in kilometres.

    Longitude and latitude are projected equirectangularly about the network's middle.  Raise
    InputError if the package is missing or does not know the name.
    """
    try:
        topohub = importlib.import_module("topohub")
    except ImportError:
        raise InputError(
            f"topology.topohub: {spec.name!r} needs a package that is not installed; "
            f"pip install 'p2pkd[topohub]'"
        ) from None
    try:
        with warnings.catch_warnings():
            # The package leaves its file to the garbage collector to close.
            warnings.simplefilter("ignore", ResourceWarning)
            document = topohub.get(spec.name)
    except (KeyError, OSError):
        raise InputError(
            f"topology.topohub.name: topohub has no network {spec.name!r}; names are like "
            f"'topozoo/Abilene', 'sndlib/polska', 'gabriel/25/0' or 'backbone/africa'"
        ) from None
    return Topology.from_networkx(_graph(document, spec.per_km))


def _graph(document: dict[str, Any], per_km: float | None) -> nx.Graph[Any]:
    graph: nx.Graph[Any] = nx.Graph()
    nodes = document["nodes"]
    places = projected(np.array([node["pos"] for node in nodes], np.float64)).tolist()
    names = _names(nodes)
    where = dict(zip(names.values(), places, strict=True))
    for name in ordered(list(names.values())):
        graph.add_node(name, pos=tuple(where[name]))
    for edge in document["edges"]:
        attributes = {} if per_km is None else {"latency_s": edge["dist"] * per_km}
        graph.add_edge(names[edge["source"]], names[edge["target"]], **attributes)
    return graph


def _names(nodes: Sequence[dict[str, Any]]) -> dict[Any, str]:
    """Return the name of each node by its id: of its city, or the id where cities do not do."""
    labels = {node["id"]: str(node.get("name") or node["id"]) for node in nodes}
    whole = {is_whole(label) for label in labels.values()}
    if len(set(labels.values())) == len(labels) and len(whole) == 1:
        return labels
    return {i: str(i) for i in labels}
