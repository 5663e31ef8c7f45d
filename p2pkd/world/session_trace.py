"""Recorded sessions: a text file with lines ``id, start, on, off, on, ...``."""

from __future__ import annotations

from itertools import accumulate, pairwise
from pathlib import Path

from p2pkd.core.remarks import remark_span
from p2pkd.world.formats.clock import FileClock
from p2pkd.world.formats.text import (
    Cell,
    Faults,
    Line,
    cells_of,
    content_lines,
    number_of,
    read_text,
    shown,
)
from p2pkd.world.names import Names
from p2pkd.world.topology import Topology

LIKE = "a line is like: 3, 0, 600, 120, 900"


def read_sessions(
    file: Path, topology: Topology, *, absolute: bool, clock: FileClock = FileClock()
) -> dict[int, list[float]]:
    """Return, by agent, the times at which it comes, goes, comes, ..., ascending.

    With *absolute* the numbers after the id are these times, else a start and lengths in turn; they
    are as *clock* says.  Raise TraceError, with file, line and reason, for an id that is no agent's
    name, for numbers that are none or negative, and for sessions that overlap.
    """
    faults, names = Faults(file), Names(topology)
    rows: dict[int, list[tuple[list[float], int]]] = {}
    for first, line in enumerate(content_lines(read_text(file))):
        try:
            cells = _cells(line)
            if not first and cells[0].text.lower() == "id":
                continue
            agent, times = _row(cells, names, clock, absolute=absolute)
            rows.setdefault(agent, []).append((times, line.number))
        except ValueError as error:
            faults.add(str(error), line.number)
    faults.check()
    if not rows:
        faults.stop(f"no sessions; {LIKE}")
    joined = {agent: _joined(rows[agent], faults) for agent in sorted(rows)}
    faults.check()
    start = clock.start_s(min(times[0] for times in joined.values()))
    moved = {agent: [time - start for time in times] for agent, times in joined.items()}
    first_s = min(times[0] for times in moved.values())
    last_s = max(times[-1] for times in moved.values())
    remark_span(first_s, last_s, str(file), "churn.sessions.begins and unit")
    return moved


def _cells(line: Line) -> list[Cell]:
    if "," not in line.text and len(line.text.split()) > 1 and '"' not in line.text:
        mark = next((m for m in (";", "\t") if m in line.text), " ")
        name = {";": "semicolons", "\t": "tabs", " ": "spaces"}[mark]
        raise ValueError(f"numbers are separated by {name}; write commas")
    return cells_of(line.text, ",")


def _row(
    cells: list[Cell], names: Names, clock: FileClock, *, absolute: bool
) -> tuple[int, list[float]]:
    name, *numbers = cells
    if not name.text:
        raise ValueError("the id is empty")
    agent = names.find(name.text)
    if not numbers:
        raise ValueError(f"agent {shown(name.text)} has no start; {LIKE}")
    values = [
        clock.seconds(_number(cell, i, negative=absolute)) for i, cell in enumerate(numbers, 1)
    ]
    times = values if absolute else list(accumulate(values))
    for earlier, later in pairwise(times):
        if later < earlier:
            raise ValueError(
                f"sessions overlap: {later:g} s after {earlier:g} s; times must ascend"
            )
    return agent, times


def _number(cell: Cell, i: int, *, negative: bool) -> float:
    value = number_of(cell.text)
    if not cell.text:
        raise ValueError(f"number {i}: the cell is empty")
    if value is None and cell.text.casefold().strip("+-") not in ("nan", "inf", "infinity"):
        raise ValueError(f"number {i}: {shown(cell.text)} is not a number of seconds")
    if value is None or (value < 0 and not negative):
        raise ValueError(
            f"number {i}: {cell.text} s; times and lengths must be finite and 0 or more"
        )
    return value


def _joined(rows: list[tuple[list[float], int]], faults: Faults) -> list[float]:
    """Put the lines of one agent one behind the other; refuse those that overlap."""
    rows = sorted(rows, key=lambda row: row[0][0])
    for (before, first), (after, second) in pairwise(rows):
        if len(before) % 2 or after[0] < before[-1]:
            end = "is online for ever" if len(before) % 2 else f"lasts until {before[-1]:g} s"
            faults.add(
                f"sessions overlap: line {first} {end}, line {second} begins at {after[0]:g} s",
                max(first, second),
            )
    return [time for times, _ in rows for time in times]
