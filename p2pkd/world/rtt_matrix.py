"""Round-trip times measured between real hosts, as a square text matrix."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import TraceError


def read_rtt_matrix(file: Path) -> NDArray[np.float64]:
    """Read *file* (numbers in ms, white space between, `.gz` or not) as seconds, ``(m, m)``.

    Direction is averaged out; the diagonal is not read.  An entry off the diagonal that is not
    positive is no measurement, and standing in for it would invent data, so TraceError is raised,
    with line and column; likewise where a line is ragged or not numbers, or m < 2.
    """
    try:
        content = file.read_bytes()
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise TraceError(f"{file}: cannot be read: {error}") from error
    lines = [(i, line.split()) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) < 2:
        raise TraceError(f"{file}: {len(lines)} lines; a matrix of two hosts or more is needed")
    matrix = np.stack([_row(words, f"{file}:{line}", len(lines)) for line, words in lines])
    np.fill_diagonal(matrix, 0.0)
    wrong = ~(np.isfinite(matrix) & (matrix > 0)) & ~np.eye(len(matrix), dtype=bool)
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise TraceError(
            f"{file}:{lines[i][0]}: column {j + 1}: {lines[i][1][j]} is not a round-trip time (one "
            f"of {wrong.sum()} such entries); they must be positive; leave such hosts out"
        )
    return (matrix + matrix.T) / 2 / 1e3


def _row(words: list[str], where: str, width: int) -> NDArray[np.float64]:
    if len(words) != width:
        raise TraceError(
            f"{where}: {len(words)} numbers, but the matrix has {width} lines; it must be square"
        )
    return np.array([_number(w, f"{where}: column {j}") for j, w in enumerate(words, 1)])


def _number(word: str, where: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise TraceError(f"{where}: {word!r} is not a number of milliseconds") from None
