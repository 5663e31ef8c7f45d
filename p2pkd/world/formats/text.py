"""The one way in which files of measurements and graphs are read: text, lines, comments, cells.

UTF-8 with or without a byte order mark; lines end with LF, CR LF or CR; ``#`` at the beginning of
a line or after white space begins a comment, unless it is between double quotes.  Everything else,
backslashes and apostrophes too, stands for itself.
"""

from __future__ import annotations

import codecs
import gzip
import math
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from p2pkd.core.errors import TraceError

MOST_BYTES = 128 * 2**20
"""A larger file is refused: what is read is held in memory, several times over."""
SHOWN = 20
"""Mistakes that are told one by one; of more, only how many."""

_UTF_16 = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
_UTF_32 = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32"}
_LINE_END = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"(?:^|(?<=\s))#")


class Faults:
    """The mistakes in one file, told together."""

    def __init__(self, file: Path | str) -> None:
        self.file = file
        self.found: list[tuple[int, int, str]] = []

    def add(self, message: str, line: int = 0, column: int = 0) -> None:
        """Note a mistake; *line* and *column* count from 1, 0 where there are none."""
        self.found.append((line, column, message))
        if len(self.found) > 1000:
            self.check()

    def check(self) -> None:
        """Raise TraceError if there are any mistakes, each on a line of its own."""
        if self.found:
            shown = [place(self.file, *fault[:2]) + f": {fault[2]}" for fault in self.found[:SHOWN]]
            if len(self.found) > SHOWN:
                shown.append(f"{self.file}: and {len(self.found) - SHOWN} more mistakes like these")
            raise TraceError("\n".join(shown))

    def stop(self, message: str, line: int = 0, column: int = 0) -> NoReturn:
        """Raise TraceError with all mistakes so far and this one."""
        self.add(message, line, column)
        self.check()
        raise AssertionError("unreachable")


def place(file: Path | str, line: int = 0, column: int = 0) -> str:
    """Return ``file:line:column``, without the parts that are 0."""
    return ":".join([str(file), *(str(number) for number in (line, column) if number)])


def read_text(file: Path) -> str:
    """Return the text of *file*, decompressed if its name ends in ``.gz``.

    Raise TraceError, by name, for other encodings, for binary files and for what is too large.
    """
    try:
        content = _decompressed(file) if file.suffix == ".gz" else _read(file)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise TraceError(f"{file}: cannot be read: {error}") from error
    for mark, name in (_UTF_32 | _UTF_16).items():
        if content.startswith(mark):
            raise TraceError(f"{file}: is {name}; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise TraceError(
            f"{file}:{line}: cannot be read as UTF-8 (byte 0x{byte:02x}); save it as UTF-8"
        ) from None
    if "\0" in text:
        kind = "is UTF-16 without a mark, or no text" if text.count("\0") > 1 else "is no text"
        raise TraceError(f"{file}:{text[: text.index(chr(0))].count(chr(10)) + 1}: {kind} (a NUL "
                         f"character); save it as UTF-8")  # fmt: skip
    return text


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return _limited(stream.read(MOST_BYTES + 1))


def _decompressed(file: Path) -> bytes:
    with gzip.open(file) as stream:
        return _limited(stream.read(MOST_BYTES + 1))


def _limited(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES >> 20} MiB of text; leave out what is not needed")
    return content


def lines_of(text: str) -> list[str]:
    """Return the lines of *text* as editors count them: only LF and CR end a line."""
    return _LINE_END.split(text)


class Line(NamedTuple):
    """A line that is neither blank nor a comment alone, without its comment."""

    number: int
    text: str


def content_lines(text: str) -> Iterator[Line]:
    """Yield the lines of *text* that say something."""
    for number, line in enumerate(lines_of(text), 1):
        bare = without_comment(line)
        if bare.strip():
            yield Line(number, bare)


def without_comment(line: str) -> str:
    """Return *line* up to its comment.

    >>> without_comment("a b  # the ring")
    'a b  '
    >>> without_comment('C# "no #1"')
    'C# "no #1"'
    """
    if "#" not in line:
        return line
    for match in _COMMENT.finditer(line):
        if line.count('"', 0, match.start()) % 2 == 0:
            return line[: match.start()]
    return line


class Cell(NamedTuple):
    """A word or a cell, and the column in which it begins, from 1."""

    column: int
    text: str


_WORD = re.compile(r'"([^"]*)"(?=\s|$)|(?:[^\s"]++|"[^"]*")++|"')


def words_of(line: str) -> list[Cell]:
    """Return the words of *line*; one with spaces is between double quotes.

    Raise ValueError where a quote is not closed.

    >>> [cell.text for cell in words_of('a "b c" latency="20 ms"')]
    ['a', 'b c', 'latency=20 ms']
    """
    found = []
    for match in _WORD.finditer(line):
        if match[0] == '"':
            raise ValueError(f"column {match.start() + 1}: a double quote is not closed")
        text = match[0] if match[1] is None else match[1]
        found.append(
            Cell(match.start() + 1, text if match[1] is not None else text.replace('"', ""))
        )
    return found


def cells_of(line: str, separator: str) -> list[Cell]:
    """Return the cells of *line*, stripped; one between double quotes may hold *separator*.

    Raise ValueError where a quote is not closed.

    >>> [cell.text for cell in cells_of('1, "a, b",, "a ""b"" c"', ",")]
    ['1', 'a, b', '', 'a "b" c']
    """
    found, at = [], 0
    while True:
        begin = at
        while begin < len(line) and line[begin] in " \t" and line[begin] != separator:
            begin += 1
        if line[begin : begin + 1] == '"':
            text, at = _quoted(line, begin)
            rest = line[at:].split(separator, 1)[0]
            if rest.strip():
                raise ValueError(f"column {at + 1}: {rest.strip()!r} after a closing quote")
            at += len(rest)
        else:
            end = line.find(separator, begin)
            at = len(line) if end < 0 else end
            text = line[begin:at].strip()
        found.append(Cell(begin + 1, text))
        if at >= len(line):
            return found
        at += 1


def _quoted(line: str, begin: int) -> tuple[str, int]:
    """Return the text of the cell whose opening quote is at *begin*, and where it is over."""
    at, parts = begin + 1, []
    while True:
        end = line.find('"', at)
        if end < 0:
            raise ValueError(f"column {begin + 1}: a double quote is not closed")
        parts.append(line[at:end])
        if line[end + 1 : end + 2] != '"':
            return '"'.join(parts), end + 1
        at = end + 2


_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)


def number_of(text: str) -> float | None:
    """Return the finite number that *text* is, None if it is none.

    >>> [number_of(text) for text in ("1e3", "-.5", "nan", "inf", "1_000", "1,5", "")]
    [1000.0, -0.5, None, None, None, None, None]
    """
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def shown(value: object, most: int = 60) -> str:
    """Return *value* in quotes, shortened, and safe for a terminal.

    >>> shown("a" * 100, 5)
    "'aaaaa...'"
    """
    text = value if isinstance(value, str) else repr(value)
    short = text if len(text) <= most else text[:most] + "..."
    return repr(short) if isinstance(value, str) else short
