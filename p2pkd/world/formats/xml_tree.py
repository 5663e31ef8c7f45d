"""XML as a tree whose elements know their lines; document types and entities are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from p2pkd.world.formats.json_text import MOST_BYTES
from p2pkd.world.formats.text import Faults

DEEPEST = 50
MOST_ELEMENTS = 3_000_000


@dataclass(slots=True)
class Element:
    """An element: its name without prefix, its attributes, and what is inside."""

    name: str
    attributes: dict[str, str]
    line: int
    column: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children called *name*."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Element | None:
        """Return the first child called *name*, if any."""
        return next(self.all(name), None)


def read_xml(text: str, faults: Faults) -> Element:
    """Return the outermost element of *text*; raise TraceError where it is no plain XML."""
    if len(text) > MOST_BYTES:
        faults.stop(f"more than {MOST_BYTES >> 20} MiB of XML; leave out what is not needed")
    parser = expat.ParserCreate()
    parser.buffer_text = True
    builder = _Builder(parser, faults)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        faults.stop(f"not XML: {what}", error.lineno, error.offset + 1)
    except (ValueError, UnicodeError) as error:
        faults.stop(f"not XML: {error}")
    assert builder.root is not None
    return builder.root


class _Builder:
    def __init__(self, parser: Any, faults: Faults) -> None:
        self.parser = parser
        self.faults = faults
        self.root: Element | None = None
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        self.count += 1
        if len(self.open) >= DEEPEST:
            self.faults.stop(f"elements are nested more than {DEEPEST} deep", line, column)
        if self.count > MOST_ELEMENTS:
            self.faults.stop(f"more than {MOST_ELEMENTS:,} elements", line, column)
        bare = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition(":")[2], bare, line, column)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        self.texts.append([])

    def end(self, name: str) -> None:
        self.open.pop().text = "".join(self.texts.pop())

    def characters(self, text: str) -> None:
        self.texts[-1].append(text)

    def doctype(self, name: str, *more: Any) -> None:
        line = self.parser.CurrentLineNumber
        self.faults.stop("has a DOCTYPE, which may define entities and is not read", line, 1)
