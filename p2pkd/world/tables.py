"""Tables of measurements from CSV or JSON files, with the place of every cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from p2pkd.core.errors import TraceError, suggestion
from p2pkd.core.units import Dimension
from p2pkd.world.formats.json_text import JsonText
from p2pkd.world.formats.text import (
    SHOWN,
    Faults,
    Line,
    cells_of,
    content_lines,
    number_of,
    read_text,
    shown,
)

LONGEST = 100
"""Characters of a quantity; what is longer is none."""

T = TypeVar("T")


class Row(NamedTuple):
    """One row: where it stands, and its values by column, as the file has them."""

    where: str
    """File and line."""
    values: Mapping[str, Any]
    columns: Mapping[str, int] = {}
    """Where in the line each value begins, where the file is text."""

    def get(self, column: str) -> Any:
        """Return the value in *column*; raise TraceError if there is none."""
        if column not in self.values:
            hint = suggestion(column, map(str, self.values))
            raise TraceError(f"{self.where}: no column {column!r}{hint}")
        value = self.values[column]
        if value is None or (isinstance(value, str) and not value.strip()):
            raise TraceError(f"{self.at(column)}: {column}: the cell is empty")
        return value

    def at(self, column: str) -> str:
        """Return file, line and, where it is known, column of the value in *column*."""
        place = self.columns.get(column)
        return f"{self.where}:{place}" if place else self.where

    def number(self, column: str, *, positive: bool = True) -> float:
        """Return the number in *column*; raise TraceError unless it is finite and positive."""
        value = self.get(column)
        number = _number(value)
        if number is None:
            raise TraceError(f"{self.at(column)}: {column}: {shown(value)} is not a number")
        if number < 0 or (positive and number == 0):
            bound = "more than 0" if positive else "0 or more"
            raise TraceError(f"{self.at(column)}: {column}: {_text(value)} must be {bound}")
        return number

    def quantity(
        self,
        column: str,
        dimension: Dimension,
        bare: float | None = None,
        *,
        zero: bool = False,
        hint: str = "",
    ) -> float:
        """Return the quantity in *column* in base units; 0 is one only with *zero*.

        *bare* is the factor of a number without a unit; None where it needs one, and then *hint*
        tells what else would do.
        """
        value = self.get(column)
        number = _number(value)
        if number is not None and bare is not None:
            result = number * bare
        else:
            try:
                result = dimension.parse(_text(value)[:LONGEST])
            except ValueError as error:
                more = hint if number is not None else ""
                raise TraceError(f"{self.at(column)}: {column}: {error}{more}") from None
        if result < 0 or (result == 0 and not zero) or result > LARGEST:
            bound = "0 or more" if zero else "more than 0"
            bound = f"{bound}, and at most {LARGEST:g}" if result > LARGEST else bound
            raise TraceError(f"{self.at(column)}: {column}: {_text(value)} must be {bound}")
        return result


LARGEST = 1e18
"""Of any quantity of a table, base units."""


def gather(rows: Iterable[Row], read: Callable[[Row], T]) -> list[T]:
    """Return what *read* makes of each row; raise TraceError with the mistakes of all of them."""
    found: list[T] = []
    wrong: dict[str, None] = {}
    more = 0
    for row in rows:
        try:
            found.append(read(row))
        except TraceError as error:
            if len(wrong) < SHOWN:
                wrong[str(error)] = None
            else:
                more += 1
            if "no column" in str(error):
                break
    if wrong:
        rest = [f"and {more} more rows like these"] if more else []
        raise TraceError("\n".join([*wrong, *rest]))
    return found


def read_table(file: Path, names: tuple[str, ...] = ()) -> list[Row]:
    """Return the rows of *file*: CSV, tab-separated (``.tsv``), or JSON.

    A text begins with a header, unless *names* are given: then they are its columns, separated by
    commas, tabs or spaces.  JSON is an array of objects, or an object whose values are objects.
    Raise TraceError, with file and line, if it cannot be read or has no rows.
    """
    text, faults = read_text(file), Faults(file)
    if file.suffix.lower() == ".json":
        rows = list(_json(text, faults))
    else:
        rows = list(_text_rows(list(content_lines(text)), names, faults))
    faults.check()
    if not rows:
        raise TraceError(f"{file}: the table has no rows")
    return rows


def _text_rows(lines: list[Line], names: tuple[str, ...], faults: Faults) -> Iterator[Row]:
    if not lines:
        return
    separator = _separator(lines[0], names, faults)
    header = list(names)
    if not names:
        header = _header(lines.pop(0), separator, faults)
    for line in lines:
        where = f"{faults.file}:{line.number}"
        try:
            cells = cells_of(_spaced(line.text, separator), separator)
        except ValueError as error:
            faults.add(str(error), line.number)
            continue
        if len(cells) != len(header):
            kind = "names" if names else "the header"
            has = "have" if names else "has"
            faults.add(f"{len(cells)} values, but {kind} {has} {len(header)} columns", line.number)
            continue
        pairs = list(zip(header, cells, strict=True))
        yield Row(where, {name: c.text for name, c in pairs}, {name: c.column for name, c in pairs})


def _spaced(text: str, separator: str) -> str:
    return " ".join(text.split()) if separator == " " else text


def _separator(line: Line, names: tuple[str, ...], faults: Faults) -> str:
    """Return what separates the cells of the first line; what is no separator is told by name."""
    if "\t" in line.text and (names or str(faults.file).lower().endswith(".tsv")):
        return "\t"
    if "," in line.text:
        return ","
    if names and len(line.text.split()) > 1:
        return " "
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if mark in line.text:
            where = " (or call the file .tsv)" if mark == "\t" else ""
            faults.stop(f"cells are separated by {name}; write commas{where}", line.number)
    if len(line.text.split()) > 1 and '"' not in line.text and not names:
        faults.stop("cells are separated by spaces; write commas", line.number)
    return ","


def _header(line: Line, separator: str, faults: Faults) -> list[str]:
    try:
        cells = cells_of(line.text, separator)
    except ValueError as error:
        faults.stop(str(error), line.number)
    names = [cell.text for cell in cells]
    if all(number_of(name) is not None for name in names):
        faults.stop(
            f"there is no header: the first line is {shown(line.text.strip())}; begin with a line "
            f"that names the columns",
            line.number,
        )
    for i, cell in enumerate(cells):
        if not cell.text:
            faults.add("a column has no name", line.number, cell.column)
        elif cell.text in names[:i]:
            faults.add(f"the header has column {shown(cell.text)} twice", line.number, cell.column)
    faults.check()
    return names


def _json(text: str, faults: Faults) -> Iterator[Row]:
    source = JsonText(text, faults)
    if isinstance(source.top, dict):
        entries = [(at, value) for _, at, value in source.members(source.start)]
    elif isinstance(source.top, list):
        entries = list(source.items(source.start))
    else:
        faults.stop("needs an array of objects, or an object of objects", 1, 1)
    for at, value in entries:
        line, _ = source.spot(at)
        if not isinstance(value, dict):
            faults.add(f"{shown(value)} is not an object with columns as its keys", line)
        else:
            yield Row(f"{faults.file}:{line}", value)


def _number(value: Any) -> float | None:
    """Return the finite number that *value* is or writes, None if it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return number_of(_text(value).strip())


def _text(value: Any) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of thousands of digits
        return "a number of too many digits"
