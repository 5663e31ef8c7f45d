"""Recorded sessions: a text file with lines ``id, start, on, off, on, ...``."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from pathlib import Path

from p2pkd.core.errors import TraceError, suggestion
from p2pkd.world.topology import Topology


def read_sessions(file: Path, topology: Topology, *, absolute: bool) -> dict[int, list[float]]:
    """Return, by agent, the times at which it comes, goes, comes, ..., ascending.

    With *absolute* the numbers after the id are these times, else a start and lengths in turn.
    Raise TraceError, with file, line and reason, for an id that is no node, for numbers that are
    none or negative, and for sessions that overlap.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{file}: cannot be read: {error}") from error
    ids = {name: i for i, name in enumerate(topology.names or map(str, range(topology.n)))}
    rows: dict[int, list[tuple[list[float], int]]] = {}
    for number, line in enumerate(lines, 1):
        words = [word.strip() for word in line.partition("#")[0].split(",")]
        if words == [""] or (number == 1 and words[0].lower() == "id"):
            continue
        agent, times = _row(words, ids, f"{file}:{number}", absolute=absolute)
        rows.setdefault(agent, []).append((times, number))
    if not rows:
        raise TraceError(f"{file}: no sessions; a line is like: 3, 0, 600, 120, 900")
    return {agent: _joined(rows[agent], str(file)) for agent in sorted(rows)}


def _row(
    words: list[str], ids: dict[str, int], where: str, *, absolute: bool
) -> tuple[int, list[float]]:
    name, *numbers = words
    agent = ids.get(name, _number(name, len(ids)))
    if agent is None:
        hint = suggestion(name, ids) if len(ids) <= 20 else f"; there are {len(ids)}, from 0"
        raise TraceError(f"{where}: there is no agent {name!r}{hint}")
    if not numbers:
        raise TraceError(f"{where}: agent {name!r} has no start; a line is like: 3, 0, 600, 120")
    values = [_seconds(word, f"{where}: number {i}") for i, word in enumerate(numbers, 1)]
    times = values if absolute else list(accumulate(values))
    for earlier, later in pairwise(times):
        if later < earlier:
            raise TraceError(
                f"{where}: sessions overlap: {later:g} s after {earlier:g} s; times must ascend"
            )
    return agent, times


def _number(name: str, n: int) -> int | None:
    return int(name) if name.isdecimal() and int(name) < n else None


def _seconds(word: str, where: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise TraceError(f"{where}: {word!r} is not a number of seconds") from None
    if not (math.isfinite(value) and value >= 0):
        raise TraceError(f"{where}: {word} s; times and lengths must be finite and 0 or more")
    return value


def _joined(rows: list[tuple[list[float], int]], file: str) -> list[float]:
    """Put the lines of one agent one behind the other; refuse those that overlap."""
    rows = sorted(rows, key=lambda row: row[0][0])
    for (before, first), (after, second) in pairwise(rows):
        if len(before) % 2 or after[0] < before[-1]:
            end = "is online for ever" if len(before) % 2 else f"lasts until {before[-1]:g} s"
            raise TraceError(
                f"{file}:{max(first, second)}: sessions overlap: line {first} {end}, line {second} "
                f"begins at {after[0]:g} s"
            )
    return [time for times, _ in rows for time in times]
