"""A SHA-256 over the record stream: equal for equal runs, whoever watched and however it was run.

Each table has its own digest, fed with batches of a fixed number of rows, column by column;
the digests together, in the order of the tables, make the fingerprint.  Numbers are hashed as
little-endian bytes with one bit pattern for nan, strings as UTF-8 after their length, so that
neither PYTHONHASHSEED nor the machine's byte order has a say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Fingerprint:
    """The growing fingerprint of a record stream over tables named *tables*."""

    def __init__(self, tables: Sequence[str]) -> None:
        self._digests = {name: hashlib.sha256(name.encode()) for name in tables}

    def update(self, table: str, columns: Mapping[str, Any], n_rows: int) -> None:
        """Take in a batch of *n_rows* rows of *table*, as columns ``(n_rows,)``."""
        digest = self._digests[table]
        digest.update(n_rows.to_bytes(8, "little"))
        for name, values in columns.items():
            digest.update(_string(name))
            is_array = isinstance(values, np.ndarray)
            digest.update(_number_bytes(values) if is_array else _string_bytes(values))

    def hexdigest(self) -> str:
        """Return the fingerprint of everything so far, 64 hexadecimal digits."""
        parts = b"".join(digest.digest() for digest in self._digests.values())
        return hashlib.sha256(parts).hexdigest()


def _number_bytes(values: NDArray[Any]) -> bytes:
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.nan, values)
    return values.astype(values.dtype.newbyteorder("<")).tobytes()


def _string_bytes(values: Sequence[str]) -> bytes:
    parts = {value: _string(value) for value in set(values)}
    return b"".join(map(parts.__getitem__, values))


def _string(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(4, "little") + encoded
