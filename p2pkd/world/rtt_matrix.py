"""Delays measured between real hosts, as a square text matrix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import TraceError
from p2pkd.core.units import DURATION
from p2pkd.world.formats.text import Faults, Line, content_lines, number_of, read_text, shown
from p2pkd.world.plausible import remark_median

MOST_HOSTS = 20_000
LONGEST_S = 86_400.0


def read_rtt_matrix(file: Path, unit: str = "ms") -> NDArray[np.float64]:
    """Read *file* (numbers in *unit*, white space or commas between) as seconds, ``(m, m)``.

    Direction is averaged out; see `read_matrix`.
    """
    matrix = read_matrix(file, unit)
    return (matrix + matrix.T) / 2


def read_matrix(file: Path, unit: str = "ms", kind: str = "round trip") -> NDArray[np.float64]:
    """Read *file* as seconds, ``(m, m)``, entry (i, j) about the way from host i to host j.

    The diagonal is not read.  An entry off the diagonal that is not positive is no measurement, and
    standing in for it would invent data, so TraceError is raised, with line and column; likewise
    where a line is ragged or not numbers, or m < 2.
    """
    lines = list(content_lines(read_text(file)))
    if not 2 <= len(lines) <= MOST_HOSTS:
        most = f"; at most {MOST_HOSTS:,} hosts can be read" if lines[2:] else ""
        raise TraceError(
            f"{file}: {len(lines)} lines; a matrix of two hosts or more is needed{most}"
        )
    faults = Faults(file)
    matrix = np.stack([_row(line, i, len(lines), faults) for i, line in enumerate(lines)])
    _check(matrix, lines, faults)
    factor = DURATION.units[unit]
    seconds = matrix * factor if factor >= 1 else matrix / round(1 / factor)
    off = seconds[~np.eye(len(lines), dtype=bool)]
    if off.max() > LONGEST_S:
        i, j = divmod(int(np.argmax(seconds)), len(lines))
        faults.stop(f"column {j + 1}: {matrix[i, j]:g} {unit} is more than a day", lines[i].number)
    name = "round-trip times" if kind == "round trip" else "one-way delays"
    remark_median(off, kind, f"{file}: {name}", f"unit is {unit}, see links.latency.unit")
    return seconds


def _row(line: Line, i: int, width: int, faults: Faults) -> NDArray[np.float64]:
    cells = _cells(line)
    found = np.full(width, np.nan)
    if len(cells) != width:
        hint = "; semicolons separate no numbers, spaces and commas do" if ";" in line.text else ""
        faults.add(
            f"{len(cells)} numbers, but the matrix has {width} lines; it must be square{hint}",
            line.number,
        )
        return found
    for j, cell in enumerate(map(str.strip, cells)):
        number = number_of(cell)
        if number is not None:
            found[j] = number
        elif j != i and cell.casefold().strip("+-") not in ("nan", "inf"):
            what = "the cell is empty" if not cell else f"{shown(cell)} is not a number"
            faults.add(f"column {j + 1}: {what}", line.number)
    return found


def _cells(line: Line) -> list[str]:
    return line.text.split(",") if "," in line.text else line.text.split()


def _check(matrix: NDArray[np.float64], lines: list[Line], faults: Faults) -> None:
    """Refuse entries off the diagonal that are no measurements."""
    faults.check()
    np.fill_diagonal(matrix, 0.0)
    wrong = ~(matrix > 0) & ~np.eye(len(matrix), dtype=bool)
    for i, j in np.argwhere(wrong)[:1]:
        given = _cells(lines[i])[j].strip()
        faults.stop(
            f"column {j + 1}: {given} is not a round-trip time (one of {wrong.sum()} such "
            f"entries); they must be positive; leave such hosts out",
            lines[i].number,
        )
