"""From what a graph's file says to a `Topology`: nothing is made up, and what is left out is said.

1. Nodes get their names, each once; edges may join only these.
2. Attributes that mean a latency or a bandwidth are read with their units.  One that looks like
   either and is not asked for is a mistake; what else there is, is remarked.
3. Edges that are there twice are one where they agree, and a mistake where they do not.
4. Nodes become agents in the order of `p2pkd.world.names`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from p2pkd.core.remarks import remark
from p2pkd.core.units import DURATION, RATE, Dimension
from p2pkd.scenario.graph_options import GraphOptions
from p2pkd.world.formats.attributes import Quantity, choose, refuse_near
from p2pkd.world.formats.document import Document, RawNode, Spot
from p2pkd.world.formats.ids import ordered
from p2pkd.world.formats.positions import positions_of
from p2pkd.world.formats.text import Faults, shown
from p2pkd.world.topology import Topology

LONGEST_S = 86_400.0
SLOWEST, FASTEST = 0.125, 1e15
"""Bounds of bandwidths, bytes/s: beyond, what is sent never arrives, or no link is meant."""


def to_topology(document: Document, options: GraphOptions, faults: Faults) -> Topology:
    """Return the graph of *document*, read as *options* say; raise TraceError if it is wrong."""
    faults.check()
    if not document.nodes:
        faults.stop("the graph has no nodes")
    names = _names(document, options, faults)
    edges = _edges(document, names, options, faults)
    faults.check()
    order = {name: i for i, name in enumerate(_ordered(list(names.values()), faults))}
    place = [order[name] for name in names.values()]
    positions = positions_of(document.nodes, options.ignore, faults)
    faults.check()
    if positions is not None:
        positions = positions[np.argsort(place)]
    pairs = np.array([(order[e.a], order[e.b]) for e in edges], np.int64).reshape(-1, 2)
    named = [str(i) for i in range(len(order))] != list(order)
    topology = Topology.from_edges(
        len(order),
        pairs[:, 0],
        pairs[:, 1],
        names=tuple(order) if named else None,
        positions=positions,
        latency_s=_both_ways(edges, 0),
        bandwidth=_both_ways(edges, 1),
    )
    _remarks(topology, str(faults.file))
    return topology


# -- 1. nodes --------------------------------------------------------------------------------------


def _names(document: Document, options: GraphOptions, faults: Faults) -> dict[Any, str]:
    """Return the name of each node by its id, in the order of the file."""
    first: dict[Any, RawNode] = {}
    kinds: dict[type, RawNode] = {}
    for node in document.nodes:
        if type(node.id) not in (str, int) or node.id == "":
            what = "an empty id" if node.id == "" else f"the id {shown(node.id)}"
            faults.add(f"a node has {what}; ids are texts or whole numbers", *node.at)
            continue
        kinds.setdefault(type(node.id), node)
        known = first.setdefault(node.id, node)
        if known is not node and document.listed:
            faults.add(f"node {shown(node.id)} is listed twice, before in line {known.at.line}",
                       *node.at)  # fmt: skip
    if len(kinds) > 1:
        text, number = kinds[str], kinds[int]
        faults.add(
            f"ids are of two kinds: the text {shown(text.id)} and the number {shown(number.id)}; "
            f"write them all in one way",
            *max(text.at, number.at),
        )
    if any(type(i) is int and abs(i) >= 10**18 for i in first):
        faults.add("ids are whole numbers of more than 18 digits; name nodes by texts")
    faults.check()
    by_label = options.names == "label" or (options.names is None and document.labelled)
    if not by_label:
        return {i: str(i) for i in first}
    return _labels(first, document, options, faults)


def _labels(
    first: dict[Any, RawNode], document: Document, options: GraphOptions, faults: Faults
) -> dict[Any, str]:
    labels = {i: node.data.get("label", node.data.get("name")) for i, node in first.items()}
    missing = [i for i, label in labels.items() if label in (None, "")]
    if missing:
        if options.names is None:
            return {i: str(i) for i in first}
        faults.stop(f"node {shown(missing[0])} has no label; set topology.names: id",
                    *first[missing[0]].at)  # fmt: skip
    seen: dict[str, Any] = {}
    for i, label in labels.items():
        if str(label) in seen:
            faults.add(
                f"label {shown(str(label))} is that of node {shown(seen[str(label)])} too; "
                f"set topology.names: id, or give each node a label of its own",
                *first[i].at,
            )
        seen.setdefault(str(label), i)
    return {i: str(label) for i, label in labels.items()}


def _ordered(names: list[str], faults: Faults) -> list[str]:
    alike: dict[str, str] = {}
    for name in names if len(names) <= 100_000 else ():
        other = alike.setdefault(name.casefold(), name)
        if other != name:
            remark(f"{faults.file}: nodes {shown(other)} and {shown(name)} differ in case alone")
            break
    try:
        return ordered(names)
    except ValueError as error:
        faults.stop(str(error))


# -- 2. and 3. edges -------------------------------------------------------------------------------

Values = tuple[float, float]
"""Latency and bandwidth; nan where there is none."""


@dataclass(slots=True)
class _Edge:
    a: str
    b: str
    forth: Values
    back: Values


def _edges(
    document: Document, names: dict[Any, str], options: GraphOptions, faults: Faults
) -> list[_Edge]:
    used = [
        choose("latency", options.latency, document, DURATION, faults),
        choose("bandwidth", options.bandwidth, document, RATE, faults),
    ]
    refuse_near(document, [quantity for quantity in used if quantity], options.ignore, faults)
    by_text: dict[str, Any] = {}
    # One way of an edge is told apart from the other only where lines are about ways.
    ways: dict[tuple[str, str], tuple[Values, Spot, bool]] = {}
    repeated, loops = Counter[tuple[str, str]](), 0
    for raw in document.edges:
        ends = []
        for end in (raw.a, raw.b):
            if type(end) in (str, int) and end in names:
                ends.append(names[end])
                continue
            by_text = by_text or _by_text(names)
            faults.add(f"an edge goes to {_kind(end)} {shown(end)}, but no node is called so"
                       f"{_near(end, by_text)}", *raw.at)  # fmt: skip
        if len(ends) < 2:
            continue
        a, b = ends
        values = _values(raw.data, used, faults, f"edge {a} - {b}", raw.at)
        if a == b:
            loops += 1
            continue
        directed = raw.directed if options.directed is None else options.directed
        for way in [(a, b)] if directed else [(a, b), (b, a)]:
            known = ways.get(way)
            if known is None:
                ways[way] = (values, raw.at, directed)
            elif way == (a, b):
                repeated[min(a, b), max(a, b)] += 1
                if not _same(known[0], values) and options.repeated == "refuse":
                    faults.add(_differs(a, b, known, values), *raw.at)
    _tell(str(faults.file), document, repeated, loops, ways)
    edges = []
    for (a, b), (values, _, _) in ways.items():
        if (b, a) in ways and a > b:
            continue
        back = ways.get((b, a))
        edges.append(_Edge(a, b, values, values if back is None else back[0]))
    return edges


def _by_text(names: dict[Any, str]) -> dict[str, Any]:
    return {str(i).strip().casefold(): i for i in reversed(list(names))}


def _kind(end: Any) -> str:
    return {str: "the text", int: "the number"}.get(type(end), "")


def _near(end: Any, by_text: dict[str, Any]) -> str:
    near = by_text.get(str(end).strip().casefold())
    return "" if near is None else f"; there is {_kind(near)} {shown(near)}"


def _values(
    data: dict[str, Any],
    used: Sequence[Quantity | None],
    faults: Faults,
    what: str,
    at: Spot,
) -> Values:
    bounds = [(0.0, LONGEST_S), (SLOWEST, FASTEST)]
    found = []
    for quantity, (least, most) in zip(used, bounds, strict=True):
        value = float("nan")
        if quantity is not None and quantity.attribute in data:
            try:
                value = quantity.read(data[quantity.attribute], least, most)
            except ValueError as error:
                faults.add(f"{what}: {quantity.attribute}: {error}", *at)
        found.append(value)
    return found[0], found[1]


def _same(a: Values, b: Values) -> bool:
    return all(x == y or (x != x and y != y) for x, y in zip(a, b, strict=True))


def _differs(a: str, b: str, known: tuple[Values, Spot, bool], values: Values) -> str:
    told = []
    for name, dimension, before, now in zip(
        ("latency", "bandwidth"), (DURATION, RATE), known[0], values, strict=True
    ):
        if not _same((before, 0.0), (now, 0.0)):
            told.append(f"{name} {_text(before, dimension)} and {_text(now, dimension)}")
    where = f" (before in line {known[1].line})" if known[1].line else ""
    return (
        f"edge {a} - {b} is there again{where} with other attributes: {', '.join(told)}; set "
        f"topology.directed: true if each is about one direction, or topology.repeated: first"
    )


def _text(value: float, dimension: Dimension) -> str:
    return "none" if value != value else dimension.format(value)


def _tell(
    file: str,
    document: Document,
    repeated: Counter[tuple[str, str]],
    loops: int,
    ways: dict[tuple[str, str], tuple[Values, Spot, bool]],
) -> None:
    usual = 1 if document.doubled else 0
    again = sum(count > usual for count in repeated.values())
    if again:
        remark(f"{file}: {_many(again, 'edge')} given more than once; the first counts")
    if loops:
        remark(f"{file}: {_many(loops, 'edge')} from a node to itself left out")
    single = sum((b, a) not in ways for a, b in ways)
    if single:
        remark(f"{file}: {_many(single, 'edge')} given in one direction only; both are used")


def _many(count: int, what: str) -> str:
    return f"{count} {what} is" if count == 1 else f"{count:,} {what}s are"


def _both_ways(edges: list[_Edge], which: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    pairs = [(edge.forth[which], edge.back[which]) for edge in edges]
    return np.array(pairs, np.float64).reshape(-1, 2)


def _remarks(topology: Topology, file: str) -> None:
    from p2pkd.world.plausible import remark_median

    if topology.latency_s is not None:
        remark_median(topology.latency_s, "latency", f"{file}: one-way latencies of edges")
    if topology.bandwidth is not None:
        remark_median(topology.bandwidth, "rate", f"{file}: bandwidths of edges")
    if topology.asymmetric:
        remark(f"{file}: edges differ by direction; each direction has its own figures")
