"""Edges that come and go as a file says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from p2pkd.core.errors import TraceError, suggestion
from p2pkd.core.units import DURATION
from p2pkd.scenario.dynamics import EdgeList
from p2pkd.world.dynamics.base import Change, History, Setting, register
from p2pkd.world.neighbourhood import Neighbourhood
from p2pkd.world.paths import locate
from p2pkd.world.topology import Topology

LINE = "a line is like: 12.5, 0, 3, down"


@register(EdgeList)
def _edge_list(spec: EdgeList, setting: Setting) -> History:
    file = locate(spec.path, setting.base, TraceError, "dynamics.edge_list.path")
    first = setting.topology
    if spec.begin == "empty":
        first = Topology.from_edges(first.n, [], [], names=first.names)
    changes = read_edge_list(file, first)

    def history() -> Iterator[Change]:
        if spec.begin == "empty":
            yield Change(0.0, first)
        yield from changes

    return history


def read_edge_list(file: Path, first: Topology) -> list[Change]:
    """Return the changes that *file* makes to the graph *first*, line by line.

    Raise TraceError, with file, line and reason, where a line is not of the form, goes back in
    time, names an agent that does not exist, or changes nothing.
    """
    reader = _Reader(first)
    changes: list[Change] = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{file}: cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            changes.append(reader.read(text))
        except ValueError as error:
            raise TraceError(f"{file}:{number}: {error}; {LINE}") from None
    return changes


class _Reader:
    """Keeps the graph as of the last line, so that each line can be held against it."""

    def __init__(self, first: Topology) -> None:
        self.graph = Neighbourhood(first)
        self.last_s = 0.0
        self.names = [first.name(i) for i in range(first.n)]
        self.number = {name: i for i, name in enumerate(self.names)}

    def read(self, text: str) -> Change:
        """Return a line's change; raise ValueError where it is wrong."""
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 4:
            raise ValueError(f"{text!r} has {len(parts)} parts, not 4")
        time_s, up = _seconds(parts[0]), _state(parts[3])
        a, b = self._agent(parts[1]), self._agent(parts[2])
        if time_s < self.last_s:
            raise ValueError(f"{parts[0]} is before the line above, {self.last_s:g} s")
        if a == b:
            raise ValueError(f"{parts[1]!r} cannot be joined to itself")
        if self.graph.joined(a, b) == up:
            raise ValueError(f"{parts[1]!r} - {parts[2]!r} is {parts[3]} already")
        self.graph.set_edge(a, b, up)
        self.last_s = time_s
        return Change(time_s, edges=((a, b, up),))

    def _agent(self, name: str) -> int:
        agent = self.number.get(name)
        if agent is None and name.isdecimal() and int(name) < len(self.names):
            agent = int(name)
        if agent is None:
            n = len(self.names)
            known = suggestion(name, self.names) if n <= 20 else f"; there are {n} agents"
            raise ValueError(f"no agent {name!r}{known}")
        return agent


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = DURATION.parse(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"time {text!r} must be 0 s or more")
    return seconds


def _state(word: str) -> bool:
    if word not in ("up", "down"):
        raise ValueError(f"{word!r} must be up or down")
    return word == "up"
