"""Which of a graph's edge attributes mean a latency or a bandwidth, and in which units."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from p2pkd.core.remarks import remark
from p2pkd.core.units import Dimension
from p2pkd.scenario.graph_options import BandwidthAttribute, LatencyAttribute
from p2pkd.world.formats.document import Document, Spot
from p2pkd.world.formats.text import Faults, number_of, shown

# Attributes whose names, or whose format, say the unit; used where nothing else is asked for.
KNOWN_UNITS: dict[str, dict[str, tuple[float, str]]] = {
    "latency": {"latency_s": (1.0, "seconds")},
    "bandwidth": {"LinkSpeedRaw": (0.125, "bit/s, as in the Topology Zoo")},
}
_NEAR = re.compile(
    r"latenc|delay|^rtt|rtt$|^ping$|^lag$|bandwidth|^bw|bw$|capacit|throughput|speed|data_?rate"
    r"|bit_?rate|^rate$|mbps|kbps|gbps",
    re.IGNORECASE,
)
_OF_RAW = ("LinkSpeed", "LinkSpeedUnits")  # what LinkSpeedRaw is made from
LONGEST_TEXT = 100


class Quantity(NamedTuple):
    """Where to find a quantity on an edge, and what a bare number is worth, in base units."""

    attribute: str
    dimension: Dimension
    unit: float | None
    key: str

    def read(self, value: Any, least: float, most: float) -> float:
        """Return *value* in base units; raise ValueError unless it is from *least* to *most*."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"{shown(value)} is not a {self.dimension.name}")
        text = value.strip() if isinstance(value, str) else _digits(value)
        if not text:
            raise ValueError("is empty")
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"{shown(text)} is not a {self.dimension.name}")
        number = number_of(text)
        if number is not None and self.unit is not None:
            result = number * self.unit
        else:
            result = self._with_unit(text, bare=number is not None)
        if not least <= result <= most:
            low, high = self.dimension.format(least), self.dimension.format(most)
            raise ValueError(f"{shown(text)} must be from {low} to {high}")
        return result

    def _with_unit(self, text: str, *, bare: bool) -> float:
        try:
            return self.dimension.parse(text)
        except ValueError as error:
            unit = "1 ms" if self.key == "latency" else "1 Mbit/s"
            full = f"topology.{self.key}: {{attribute: {self.attribute[:60]}, unit: {unit}}}"
            hint = f", or set {full}" if bare else ""
            raise ValueError(f"{error}{hint}") from None


def _digits(value: float) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of thousands of digits
        return "a number of too many digits"


def choose(
    key: str,
    asked: LatencyAttribute | BandwidthAttribute | None,
    document: Document,
    dimension: Dimension,
    faults: Faults,
) -> Quantity | None:
    """Return where edges have the quantity *key*, as *asked* or by its own name; None if nowhere.

    An attribute that is asked for and on no edge is a mistake.
    """
    if asked is not None:
        if not any(asked.attribute in edge.data for edge in document.edges):
            known = _hint(asked.attribute, _attributes(document))
            faults.add(f"no edge has the attribute {shown(asked.attribute)}, which "
                       f"topology.{key} asks for{known}")  # fmt: skip
        return Quantity(asked.attribute, dimension, asked.unit, key)
    there = _attributes(document)
    if key in there:
        return Quantity(key, dimension, None, key)
    for name, (unit, said) in KNOWN_UNITS[key].items():
        if name in there:
            remark(f"{faults.file}: {name} is used as {key} ({said})")
            return Quantity(name, dimension, unit, key)
    return None


def _attributes(document: Document) -> dict[str, Spot]:
    """Return the attributes of edges, and where each is first."""
    found: dict[str, Spot] = {}
    for edge in document.edges:
        for name in edge.data:
            found.setdefault(str(name), edge.at)
    return found


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name[:60], [k[:60] for k in known][:200], n=1)
    return f"; did you mean {shown(close[0])}?" if close else ""


def refuse_near(
    document: Document, used: Sequence[Quantity], ignored: Sequence[str], faults: Faults
) -> None:
    """Add a mistake for each attribute that looks like a quantity and is none; remark on others."""
    taken = {quantity.attribute for quantity in used}
    done = {*taken, *ignored, *(_OF_RAW if "LinkSpeedRaw" in taken else ())}
    left = []
    for name, at in _attributes(document).items():
        if name in done:
            continue
        if name == "weight" and document.third:
            faults.add(
                "the third column has no meaning of its own: set topology.latency: {attribute: "
                "weight, unit: 1 ms}, or topology.bandwidth likewise, or topology.ignore: [weight]",
                *at,
            )
        elif _is_near(name):
            key = "latency" if re.search("lat|delay|rtt|ping|lag", name, re.I) else "bandwidth"
            unit = "1 ms" if key == "latency" else "1 Mbit/s"
            faults.add(
                f"the edge attribute {shown(name)} is not read; did you mean {key!r}? Set "
                f"topology.{key}: {{attribute: {name[:60]}, unit: {unit}}}, or topology.ignore: "
                f"[{name[:60]}]",
                *at,
            )
        else:
            left.append(name)
    if left:
        more = f" and {len(left) - 8} more" if len(left) > 8 else ""
        remark(f"{faults.file}: edge attributes not used: {', '.join(map(shown, left[:8]))}{more}")


def _is_near(name: str) -> bool:
    if _NEAR.search(name[:100]):
        return True
    short = name[:30].casefold()
    return bool(difflib.get_close_matches(short, ("latency", "bandwidth"), n=1, cutoff=0.75))
