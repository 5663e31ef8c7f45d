"""Tables of measurements from CSV or JSON files, with the line of every row."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from p2pkd.core.errors import TraceError, suggestion
from p2pkd.core.units import Dimension


class Row(NamedTuple):
    """One row: where it stands, and its values by column, as the file has them."""

    where: str
    """File and line."""
    values: Mapping[str, Any]

    def get(self, column: str) -> Any:
        """Return the value in *column*; raise TraceError if there is none."""
        value = self.values.get(column)
        if value is None or value == "":
            hint = suggestion(column, map(str, self.values))
            raise TraceError(f"{self.where}: no column {column!r}{hint}")
        return value

    def number(self, column: str, *, positive: bool = True) -> float:
        """Return the number in *column*; raise TraceError unless it is finite and positive."""
        value = self.get(column)
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise TraceError(f"{self.where}: {column}: {value!r} is not a number") from None
        if not math.isfinite(number) or number < 0 or (positive and number == 0):
            bound = "more than 0" if positive else "0 or more"
            raise TraceError(f"{self.where}: {column}: {value} must be {bound}")
        return number

    def quantity(self, column: str, dimension: Dimension, bare: float | None = None) -> float:
        """Return the quantity in *column* in base units.

        *bare* is the factor of a number without a unit; None where it needs one.
        """
        value = self.get(column)
        if bare is not None and isinstance(value, (int, float)):
            return self.number(column) * bare
        try:
            number = dimension.parse(str(value))
        except ValueError as error:
            if bare is not None and _is_number(value):
                return self.number(column) * bare
            raise TraceError(f"{self.where}: {column}: {error}") from None
        if number <= 0:
            raise TraceError(f"{self.where}: {column}: {value} must be more than 0")
        return number


def read_table(file: Path) -> list[Row]:
    """Return the rows of *file*: CSV with a header, or JSON.

    JSON is an array of objects, or an object whose values are objects.  Raise TraceError, with
    file and line, if it cannot be read or has no rows.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{file}: cannot be read: {error}") from error
    rows = list((_json if file.suffix.lower() == ".json" else _csv)(text, file))
    if not rows:
        raise TraceError(f"{file}: the table has no rows")
    return rows


def _csv(text: str, file: Path) -> Iterator[Row]:
    reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
    width = len(reader.fieldnames or ())
    for values in reader:
        where = f"{file}:{reader.line_num}"
        given = sum(value is not None for key, value in values.items() if key is not None)
        if None in values or given != width:
            extra = len(values.get(None) or ())
            raise TraceError(f"{where}: {given + extra} values, but the header has {width} columns")
        yield Row(where, {str(key).strip(): value.strip() for key, value in values.items()})


_FILLING = re.compile(r"[\s,]*")
_KEY = re.compile(r'("(?:[^"\\]|\\.)*")\s*:\s*')


def _json(text: str, file: Path) -> Iterator[Row]:
    """Walk over the outermost array or object, so that each row's line is known."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise TraceError(f"{file}: {error}") from None
    if not isinstance(document, (list, dict)):
        raise TraceError(f"{file}: needs an array of objects, or an object of objects")
    decoder, at = json.JSONDecoder(), len(text) - len(text.lstrip()) + 1
    for _ in range(len(document)):
        at = _skip(_FILLING, text, at)
        if isinstance(document, dict):
            at = _skip(_KEY, text, at)
        where = f"{file}:{text.count(chr(10), 0, at) + 1}"
        values, at = decoder.raw_decode(text, at)
        if not isinstance(values, dict):
            raise TraceError(f"{where}: {values!r} is not an object with columns as its keys")
        yield Row(where, values)


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
