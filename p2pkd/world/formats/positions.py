"""Where a graph's nodes are: `x` and `y`, `pos`, or degrees of longitude and latitude."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.remarks import remark
from p2pkd.world.formats.document import RawNode
from p2pkd.world.formats.text import Faults, number_of, shown

FARTHEST = 1e9
EARTH_RADIUS_KM = 6371.0
_DEGREES = (("longitude", "lon", "long", "lng"), ("latitude", "lat"))

Positions = NDArray[np.float64]


def positions_of(
    nodes: Sequence[RawNode], ignored: Sequence[str], faults: Faults
) -> Positions | None:
    """Return the positions of *nodes*, ``(n, 2)``, or None where there are none.

    `x` and `y`, or the pair `pos`, are in units of the file's own; degrees become kilometres
    (`projected`).  Where only some nodes have any, none counts, and that is remarked.
    """
    degrees = _degrees(nodes)
    found: list[tuple[float, float] | None] = []
    for node in nodes:
        data = {key: value for key, value in node.data.items() if key not in ignored}
        wrong = [key for key in data if key in ("X", "Y") and key.lower() not in data]
        if wrong:
            faults.add(f"node {shown(node.id)}: the attribute {wrong[0]!r} is not read; did you "
                       f"mean {wrong[0].lower()!r}? Otherwise set topology.ignore: [X, Y]",
                       *node.at)  # fmt: skip
        found.append(_position(node, data, degrees, faults))
    given = sum(position is not None for position in found)
    if given < len(nodes):
        if given:
            bare = nodes[found.index(None)]
            remark(f"{faults.file}: positions are not used, since {len(nodes) - given} of "
                   f"{len(nodes)} nodes have none ({shown(bare.id)} for one)")  # fmt: skip
        return None
    places: Positions = np.array(found, np.float64)
    plain = any({"x", "y"} & node.data.keys() for node in nodes)
    if not plain and any("pos" in node.data for node in nodes):
        remark(f"{faults.file}: positions are taken from 'pos', in its own units")
    elif not plain and degrees is not None:
        remark(f"{faults.file}: positions are taken from {degrees[0]} and {degrees[1]}, in km")
        return projected(places)
    return places


def projected(degrees: Positions) -> Positions:
    """Return kilometres for degrees (longitude, latitude), equirectangular about the middle."""
    scale = math.pi / 180 * EARTH_RADIUS_KM
    middle = math.radians(sum(degrees[:, 1].tolist()) / len(degrees))
    return np.stack([degrees[:, 0] * scale * math.cos(middle), degrees[:, 1] * scale], axis=1)


def _degrees(nodes: Sequence[RawNode]) -> tuple[str, str] | None:
    """Return the attributes that hold longitude and latitude, however they are written."""
    there = {str(key).casefold(): key for node in reversed(nodes) for key in node.data}
    names = [next((there[name] for name in names if name in there), None) for names in _DEGREES]
    return (names[0], names[1]) if names[0] and names[1] else None


def _position(
    node: RawNode, data: dict[str, Any], degrees: tuple[str, str] | None, faults: Faults
) -> tuple[float, float] | None:
    keys, most = ("x", "y"), (FARTHEST, FARTHEST)
    if not {"x", "y"} & data.keys():
        pair = data.get("pos")
        if pair is not None:
            if not isinstance(pair, list | tuple) or len(pair) != 2:
                faults.add(f"node {shown(node.id)}: pos must be two numbers, given {shown(pair)}",
                           *node.at)  # fmt: skip
                return None
            data = {"x": pair[0], "y": pair[1]}
        elif degrees is not None and set(degrees) & data.keys():
            keys, most = degrees, (360.0, 90.0)
        else:
            return None
    values = []
    for key, bound in zip(keys, most, strict=True):
        value = data.get(key)
        number = None
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            text = value if isinstance(value, str) else repr(value) if abs(value) < 1e300 else ""
            number = number_of(text.strip())
        if number is None or abs(number) > bound:
            both = f"{shown(data.get(keys[0]))}, {shown(data.get(keys[1]))}"
            faults.add(
                f"node {shown(node.id)}: {keys[0]} and {keys[1]} must be numbers up to {bound:g}, "
                f"given {both}",
                *node.at,
            )
            return None
        values.append(number)
    return values[0], values[1]
