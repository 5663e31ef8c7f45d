"""JSON whose outermost values know their lines."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from p2pkd.world.formats.text import Faults, shown

MOST_BYTES = 64 * 2**20
_SPACE = re.compile(r"[ \t\n\r]*")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {shown(twice)} is there twice")
    return found


class JsonText:
    """A JSON document whose members and items can be told by their places.

    Mistakes end reading at once, since nothing is certain behind them: *faults* raises TraceError.
    """

    def __init__(self, text: str, faults: Faults) -> None:
        self.text = text
        self.faults = faults
        if len(text) > MOST_BYTES:
            faults.stop(f"more than {MOST_BYTES >> 20} MiB of JSON; leave out what is not needed")
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._decoder = json.JSONDecoder(object_pairs_hook=_unique)
        self.start = self._skip(0)
        self.top, end = self.decode(self.start)
        if self._skip(end) < len(text):
            faults.stop("something follows after the end of the JSON", *self.spot(self._skip(end)))

    def spot(self, at: int) -> tuple[int, int]:
        """Return line and column of the character *at*."""
        row = bisect_right(self._ends, at - 1) if at else 0
        return row + 1, at - (self._ends[row - 1] + 1 if row else 0) + 1

    def decode(self, at: int) -> tuple[Any, int]:
        """Return the value that begins at *at*, and where it ends."""
        try:
            return self._decoder.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            self.faults.stop(f"not JSON: {error.msg}", *self.spot(error.pos))
        except RecursionError:
            self.faults.stop("nested too deeply", *self.spot(at))
        except ValueError as error:
            message = str(error) if "twice" in str(error) else "a number has too many digits"
            self.faults.stop(message, *self.spot(at))

    def items(self, at: int) -> Iterator[tuple[int, Any]]:
        """Yield the places and values of the items of the array that begins at *at*."""
        at = self._skip(at + 1)
        while self.text[at] != "]":
            value, end = self.decode(at)
            yield at, value
            at = self._next(end)

    def members(self, at: int) -> Iterator[tuple[str, int, Any]]:
        """Yield keys, places and values of the object that begins at *at*."""
        at = self._skip(at + 1)
        while self.text[at] != "}":
            key, end = self.decode(at)
            at = self._skip(self._skip(end) + 1)
            value, end = self.decode(at)
            yield key, at, value
            at = self._next(end)

    def _next(self, end: int) -> int:
        at = self._skip(end)
        return self._skip(at + 1) if self.text[at] == "," else at

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at
