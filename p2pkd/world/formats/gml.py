"""GML, as NetworkX, Gephi, yEd and the Topology Zoo write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple

from p2pkd.world.formats.document import Document, RawEdge, RawNode, Spot
from p2pkd.world.formats.json_text import MOST_BYTES
from p2pkd.world.formats.text import Faults, shown

DEEPEST = 50
_TOKEN = re.compile(
    r"""(?P<key>[A-Za-z_]\w*)|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"""
    r"""|(?P<inf>[+-](?:INF|NAN|inf|nan))|"(?P<text>[^"]*)"|(?P<mark>[\[\]])""",
    re.ASCII,
)
_BLANK = re.compile(r"\s+|^#[^\n]*|(?<=\n)#[^\n]*", re.ASCII)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int
    column: int


class _Entry(NamedTuple):
    key: str
    value: Any  # a text, or a list of entries
    at: Spot


def read_gml(text: str, faults: Faults) -> Document:
    """Return what the GML of *text* says; mistakes are added to *faults*."""
    if len(text) > MOST_BYTES:
        faults.stop(f"more than {MOST_BYTES >> 20} MiB of GML; leave out what is not needed")
    top = _entries(_tokens(text.replace("\r\n", "\n").replace("\r", "\n"), faults), faults)
    graphs = [entry for entry in top if entry.key == "graph" and isinstance(entry.value, list)]
    if len(graphs) != 1:
        faults.stop(f"GML has one graph [ ... ], found {len(graphs)}")
    graph: list[_Entry] = graphs[0].value
    directed = any(entry.key == "directed" and entry.value not in ("0", "") for entry in graph)
    document = Document(labelled=True)
    for entry in graph:
        if entry.key not in ("node", "edge"):
            continue
        if not isinstance(entry.value, list):
            faults.add(f"{entry.key} is not followed by [", *entry.at)
            continue
        data = _data(entry.value, faults)
        needed = ("id",) if entry.key == "node" else ("source", "target")
        missing = [key for key in needed if key not in data]
        if missing:
            faults.add(f"{entry.key} has no {' and no '.join(missing)}", *entry.at)
        elif entry.key == "node":
            document.nodes.append(RawNode(data.pop("id"), data, entry.at))
        else:
            a, b = data.pop("source"), data.pop("target")
            data.pop("key", None)
            document.edges.append(RawEdge(a, b, data, entry.at, directed))
    return document


def _data(entries: list[_Entry], faults: Faults) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for entry in entries:
        if isinstance(entry.value, list):
            if entry.key == "graphics":  # where Gephi and yEd put positions
                inner = {e.key: e.value for e in entry.value if e.key in ("x", "y")}
                data = {**inner, **data}
            continue
        if entry.key in data and entry.key not in ("x", "y"):
            faults.add(f"{shown(entry.key)} is given twice", *entry.at)
        data[entry.key] = entry.value
    return data


def _tokens(text: str, faults: Faults) -> Iterator[_Token]:
    at, line, begin = 0, 1, 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        match = blank or _TOKEN.match(text, at)
        if match is None or match.end() == at:
            faults.stop(f"{shown(text[at : at + 20])} is not GML", line, at - begin + 1)
        if not blank:
            kind = match.lastgroup or ""
            yield _Token(kind, match[kind], line, at - begin + 1)
        ends = text.count("\n", at, match.end())
        if ends:
            line += ends
            begin = text.rindex("\n", at, match.end()) + 1
        at = match.end()


def _entries(tokens: Iterator[_Token], faults: Faults) -> list[_Entry]:
    top: list[_Entry] = []
    open_: list[list[_Entry]] = [top]
    for token in tokens:
        spot = Spot(token.line, token.column)
        if token.kind == "mark" and token.text == "]" and len(open_) > 1:
            open_.pop()
            continue
        if token.kind != "key":
            faults.stop(f"a key was expected, found {shown(token.text)}", *spot)
        value = next(tokens, None)
        if value is None:
            faults.stop(f"{shown(token.text)} has no value", *spot)
        if value.kind == "mark" and value.text == "[":
            if len(open_) > DEEPEST:
                faults.stop(f"lists are nested more than {DEEPEST} deep", *spot)
            inner: list[_Entry] = []
            open_[-1].append(_Entry(token.text, inner, spot))
            open_.append(inner)
        elif value.kind in ("number", "text", "inf"):
            text = unescape(value.text) if value.kind == "text" else value.text
            open_[-1].append(_Entry(token.text, text, spot))
        else:
            faults.stop(f"{shown(token.text)} has no value", *spot)
    if len(open_) > 1:
        faults.stop(f"{len(open_) - 1} lists are not closed")
    return top
