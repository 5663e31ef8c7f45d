"""Edge lists: ``a b``, ``a b 0.5``, ``a b key=value``, NetworkX's dictionaries, and tables."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

from p2pkd.world.formats.document import Document, RawEdge, RawNode, Spot
from p2pkd.world.formats.text import (
    Cell,
    Faults,
    Line,
    cells_of,
    content_lines,
    number_of,
    shown,
    words_of,
)

LIKE = 'a line is like: a b latency="20 ms"'
HEADERS = {("source", "target"), ("from", "to"), ("src", "dst"), ("node1", "node2"), ("u", "v")}
MOST_IN_BRACES = 10_000
"""Characters; a longer dictionary is none that describes one edge."""


def read_edge_list(text: str, faults: Faults, *, table: bool = False) -> Document:
    """Return what the lines of *text* say; mistakes are added to *faults*.

    Columns are separated by white space or by commas, whichever the first line shows; *table* says
    that they are separated by commas whatever it shows.  A first line such as ``source,target``
    names them.
    """
    document = Document(listed=False)
    lines = list(content_lines(text))
    if not lines:
        return document
    comma = table or _has_commas(lines[0], faults)
    header: list[str] | None = None
    for line in lines:
        try:
            cells = cells_of(line.text, ",") if comma else None
            if cells is not None and line is lines[0] and _is_header(cells):
                header = _header(cells, faults, line.number)
                continue
            if cells is None:
                edge = _words(line, document)
            else:
                edge = _cells(cells, header, line.number, document)
        except ValueError as error:
            column, _, message = str(error).rpartition("\n")
            faults.add(f"{message}; {LIKE}", line.number, int(column or 0))
            continue
        document.edges.append(edge)
    names: dict[Any, RawNode] = {}
    for edge in document.edges:
        for name in edge[:2]:
            names.setdefault(name, RawNode(name, {}, edge.at))
    document.nodes = list(names.values())
    return document


def _has_commas(line: Line, faults: Faults) -> bool:
    """Tell whether *line* is separated by commas; what is not clear is a mistake."""
    bare = re.sub(r'"[^"]*"', "q", line.text.partition("{")[0]).strip()
    words = bare.split()
    if "," in bare:
        if len(words) == 1 or re.search(r",\s|\s,", bare):
            return True
        faults.stop(
            f"{shown(bare)} has commas and spaces; put names between double quotes, or call the "
            f"file .csv if commas separate its columns",
            line.number,
        )
    for mark, name in ((";", "semicolons"), ("|", "bars")):
        if len(words) == 1 and mark in bare:
            faults.stop(f"columns are separated by {name}; use commas or spaces", line.number)
    return False


def _is_header(cells: list[Cell]) -> bool:
    return tuple(cell.text.casefold() for cell in cells[:2]) in HEADERS


def _header(cells: list[Cell], faults: Faults, line: int) -> list[str]:
    names = [cell.text for cell in cells]
    for i, cell in enumerate(cells):
        if not cell.text:
            faults.add("a column has no name", line, cell.column)
        elif cell.text in names[:i]:
            faults.add(f"the header has column {shown(cell.text)} twice", line, cell.column)
    faults.check()
    return names


def _wrong(column: int, message: str) -> ValueError:
    return ValueError(f"{column}\n{message}")


def _words(line: Line, document: Document) -> RawEdge:
    plain, brace, rest = _before_braces(line.text)
    words = words_of(plain)
    if len(words) < 2:
        raise _wrong(1, f"{shown(line.text.strip())} does not name two nodes")
    a, b, *more = words
    data: dict[str, Any] = {}
    for i, word in enumerate(more):
        key, equals, value = word.text.partition("=")
        if not equals and i == 0 and number_of(word.text) is not None:
            key, value, document.third = "weight", word.text, True
        elif not equals or not key:
            raise _wrong(word.column, f"{shown(word.text)} is not key=value")
        if key in data:
            raise _wrong(word.column, f"{shown(key)} is given twice")
        data[key] = value
    if brace:
        for key, value in _dictionary(brace + rest, len(plain) + 1).items():
            if key in data:
                raise _wrong(len(plain) + 1, f"{shown(key)} is given twice")
            data[key] = value
    return RawEdge(a.text, b.text, data, Spot(line.number, a.column))


def _before_braces(text: str) -> tuple[str, str, str]:
    """Split *text* at a brace that begins a word, where NetworkX's dictionary is."""
    match = re.search(r"(?<=\s)\{", text)
    return (
        text.partition("{") if match is None else (text[: match.start()], "{", text[match.end() :])
    )


def _dictionary(text: str, column: int) -> dict[str, Any]:
    if len(text) > MOST_IN_BRACES:
        raise _wrong(column, f"{shown(text)} is too long for one edge")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in strings
            value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        raise _wrong(column, f"{shown(text)} is not a dictionary of plain values") from None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _wrong(column, f"{shown(text)} is not a dictionary with texts as its keys")
    return value


def _cells(cells: list[Cell], header: list[str] | None, number: int, document: Document) -> RawEdge:
    if len(cells) < 2 or not cells[0].text or not cells[1].text:
        empty = next((cell for cell in cells[:2] if not cell.text), cells[0])
        what = "an empty cell in place of a node" if len(cells) > 1 else "one column, not two"
        raise _wrong(empty.column, what)
    if header is None and len(cells) > 3:
        raise _wrong(
            cells[3].column,
            f"{len(cells)} columns without names; begin with a line such as "
            f"source,target,latency,bandwidth",
        )
    if header is not None and len(cells) != len(header):
        raise _wrong(1, f"{len(cells)} cells, but the header has {len(header)} columns")
    if header is None:
        document.third |= len(cells) > 2
        data: dict[str, Any] = {"weight": cells[2].text} if len(cells) > 2 else {}
    else:
        data = {name: cell.text for name, cell in zip(header[2:], cells[2:], strict=True)}
    kind = next((data.pop(key) for key in list(data) if key.casefold() == "type"), "")
    for key in [key for key, value in data.items() if not value and key.casefold() != "latency"]:
        if key.casefold() in ("id", "label", "timeset"):
            del data[key]  # Gephi's columns, empty as a rule
    data = {key: value for key, value in data.items() if key.casefold() not in ("id", "label")}
    directed = str(kind).casefold() == "directed"
    spot = Spot(number, cells[0].column)
    return RawEdge(cells[0].text, cells[1].text, data, spot, directed)
