"""Real networks by name, from the optional package `topohub`."""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Sequence
from typing import Any

import networkx as nx

from p2pkd.core.errors import InputError
from p2pkd.scenario.topology import Topohub
from p2pkd.world.topology import Topology

EARTH_RADIUS_KM = 6371.0


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
    middle = sum(node["pos"][1] for node in document["nodes"]) / len(document["nodes"])
    labels = [str(node.get("name") or node["id"]) for node in document["nodes"]]
    unique = len(set(labels)) == len(labels)
    names = {}
    for label, node in zip(labels, document["nodes"], strict=True):
        names[node["id"]] = label if unique else str(node["id"])
        graph.add_node(names[node["id"]], pos=_project(node["pos"], middle))
    for edge in document["edges"]:
        attributes = {} if per_km is None else {"latency_s": edge["dist"] * per_km}
        graph.add_edge(names[edge["source"]], names[edge["target"]], **attributes)
    return graph


def _project(place: Sequence[float], middle: float) -> tuple[float, float]:
    longitude, latitude = place
    scale = math.pi / 180 * EARTH_RADIUS_KM
    return longitude * scale * math.cos(math.radians(middle)), latitude * scale
