"""Edges that come and go as a file says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from p2pkd.core.errors import TraceError
from p2pkd.core.remarks import remark, remark_span
from p2pkd.core.units import DURATION
from p2pkd.scenario.dynamics import Contacts, EdgeList
from p2pkd.world.dynamics.base import Change, History, Setting, register
from p2pkd.world.formats.clock import FileClock
from p2pkd.world.formats.text import Faults, cells_of, content_lines, number_of, read_text, shown
from p2pkd.world.names import Names
from p2pkd.world.neighbourhood import Neighbourhood
from p2pkd.world.paths import locate
from p2pkd.world.topology import Topology

LINE = "a line is like: 12.5, 0, 3, down"
CONTACT = "a line is like: 12.5 CONN 0 3 up"


@register(EdgeList)
def _edge_list(spec: EdgeList, setting: Setting) -> History:
    file = locate(spec.path, setting.base, TraceError, "dynamics.edge_list.path")
    first = setting.topology
    if spec.begin == "empty":
        first = Topology.from_edges(first.n, [], [], names=first.names)
    clock = FileClock(spec.unit, spec.begins)
    changes = read_edge_list(file, first, clock)
    return _history(changes, first if spec.begin == "empty" else None)


@register(Contacts)
def _contacts(spec: Contacts, setting: Setting) -> History:
    file = locate(spec.path, setting.base, TraceError, "dynamics.contacts.path")
    n, names = setting.topology.n, setting.topology.names
    empty = Topology.from_edges(n, [], [], names=names)
    return _history(read_contacts(file, empty, FileClock(spec.unit, spec.begins)), empty)


def _history(changes: list[Change], begin: Topology | None) -> History:
    def history() -> Iterator[Change]:
        if begin is not None:
            yield Change(0.0, begin)
        yield from changes

    return history


def read_edge_list(file: Path, first: Topology, clock: FileClock = FileClock()) -> list[Change]:
    """Return the changes that *file* makes to the graph *first*, line by line.

    Raise TraceError, with file, line and reason, where a line is not of the form, goes back in
    time, names an agent that does not exist, or changes nothing.
    """
    return _read(file, _Reader(first, clock).read, LINE, clock)


def read_contacts(file: Path, empty: Topology, clock: FileClock = FileClock()) -> list[Change]:
    """Return the contacts in *file*, a trace of the ONE simulator, line by line.

    A host may have letters before its number, as in ``n12``: they are left out, as the ONE does,
    where nobody is called so.  Other events than connections, and connections that are so already,
    are left out and remarked.  Raise TraceError as `read_edge_list` does.
    """
    reader = _ContactReader(empty, clock)
    changes = _read(file, reader.read, CONTACT, clock)
    for what, count in (("other events than CONN", reader.others),
                        ("connections that were so already", reader.idle)):  # fmt: skip
        if count:
            remark(f"{file}: {count:,} {what} left out")
    return changes


def _read(
    file: Path, read: Callable[[str], Change | None], like: str, clock: FileClock
) -> list[Change]:
    faults = Faults(file)
    changes: list[Change] = []
    for line in content_lines(read_text(file)):
        try:
            change = read(line.text.strip())
        except ValueError as error:
            faults.add(f"{error}; {like}", line.number)
            continue
        if change is not None:
            changes.append(change)
    faults.check()
    if not changes:
        remark(f"{file}: has no line that changes the graph; edges stay as they begin")
        return changes
    start = clock.start_s(changes[0].time_s)
    moved = [change._replace(time_s=change.time_s - start) for change in changes]
    remark_span(moved[0].time_s, moved[-1].time_s, str(file), "dynamics.begins and unit")
    return [change._replace(time_s=max(0.0, change.time_s)) for change in moved]


class _Reader:
    """Keeps the graph as of the last line, so that each line can be held against it."""

    def __init__(self, first: Topology, clock: FileClock) -> None:
        self.graph = Neighbourhood(first)
        self.last_s = float("-inf")
        self.names = Names(first)
        self.clock = clock

    def read(self, text: str) -> Change | None:
        """Return a line's change; raise ValueError where it is wrong."""
        if "," not in text and len(text.split()) > 1:
            name = "semicolons" if ";" in text else "tabs" if "\t" in text else "spaces"
            raise ValueError(f"its parts are separated by {name}, not by commas")
        parts = [cell.text for cell in cells_of(text, ",")]
        if len(parts) != 4:
            raise ValueError(f"{shown(text)} has {len(parts)} parts, not 4")
        if "" in parts:
            raise ValueError(f"part {parts.index('') + 1} is empty")
        time_s, up = self.time(parts[0]), _state(parts[3])
        a, b = self.names.find(parts[1]), self.names.find(parts[2])
        self._check(parts[0], time_s, a, b, parts[1])
        if self.graph.joined(a, b) == up:
            raise ValueError(f"{parts[1]!r} - {parts[2]!r} is {parts[3]} already")
        return self._change(time_s, a, b, up)

    def time(self, text: str) -> float:
        """Return the time that *text* is, s."""
        number = number_of(text)
        known = self.clock.begins != 0
        if number is not None and (number >= 0 or known):
            return self.clock.seconds(number)
        if number is None and text.casefold().strip("+-") not in ("nan", "inf", "infinity"):
            seconds = DURATION.parse(text[:100])
            if seconds >= 0:
                return FileClock().seconds(seconds)
        raise ValueError(f"time {shown(text)} must be 0 s or more")

    def _check(self, text: str, time_s: float, a: int, b: int, name: str) -> None:
        if time_s < self.last_s:
            raise ValueError(f"{text} is before the line above, {self.last_s:g} s")
        if a == b:
            raise ValueError(f"{shown(name)} cannot be joined to itself")

    def _change(self, time_s: float, a: int, b: int, up: bool) -> Change:
        self.graph.set_edge(a, b, up)
        self.last_s = time_s
        return Change(time_s, edges=((a, b, up),))


class _ContactReader(_Reader):
    """Reads lines such as ``12.5 CONN 0 3 up``."""

    def __init__(self, first: Topology, clock: FileClock) -> None:
        super().__init__(first, clock)
        self.others = self.idle = 0
        self.written: dict[int, str] = {}

    def read(self, text: str) -> Change | None:
        """Return a line's change, None for what is left out."""
        parts = text.split()
        if len(parts) > 1 and parts[1].upper() in ("C", "D", "S", "DE", "A", "DR"):
            self.others += 1
            return None
        if len(parts) != 5 or parts[1].upper() != "CONN":
            raise ValueError(f"{shown(text)} is not of the form time CONN host host up|down")
        time_s, up = self.time(parts[0]), _state(parts[4].lower())
        a, b = self._host(parts[2]), self._host(parts[3])
        self._check(parts[0], time_s, a, b, parts[2])
        if self.graph.joined(a, b) == up:
            self.idle += 1
            return None
        return self._change(time_s, a, b, up)

    def _host(self, text: str) -> int:
        """Return the agent that *text* means; raise ValueError where two texts mean one agent."""
        try:
            agent = self.names.find(text)
        except ValueError:
            match = re.fullmatch(r"[^\d\s]+(\d{1,18})", text, re.ASCII)
            if match is None:
                raise
            agent = self.names.find(str(int(match[1])))
        known = self.written.setdefault(agent, text)
        if known != text:
            raise ValueError(f"{shown(known)} and {shown(text)} would be one agent")
        return agent


def _state(word: str) -> bool:
    if word not in ("up", "down"):
        raise ValueError(f"{shown(word)} must be up or down")
    return word == "up"
