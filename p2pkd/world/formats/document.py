"""What a graph's file says, before anything is made of it: nodes and edges with their places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Id = str | int


class Spot(NamedTuple):
    """Line and column, from 1; 0 where there are none."""

    line: int = 0
    column: int = 0


class RawNode(NamedTuple):
    """A node as it is listed."""

    id: Any
    data: dict[str, Any]
    at: Spot = Spot()


class RawEdge(NamedTuple):
    """An edge as it is written; *directed*: it is about the way from *a* to *b* alone."""

    a: Any
    b: Any
    data: dict[str, Any]
    at: Spot = Spot()
    directed: bool = False


@dataclass
class Document:
    """A graph as its file has it.

    Attributes
    ----------
    listed : whether the file lists its nodes, so that an edge to any other is a mistake.
    doubled : whether the format writes every undirected edge twice.
    third : whether ``weight`` is a bare third column, whose meaning nobody has said.
    labelled : whether nodes go by their labels where each has one (GML).
    """

    nodes: list[RawNode] = field(default_factory=list)
    edges: list[RawEdge] = field(default_factory=list)
    listed: bool = True
    doubled: bool = False
    third: bool = False
    labelled: bool = False
