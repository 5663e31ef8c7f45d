"""Labels of any kind, as classes that keep their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError


class Classes(NamedTuple):
    """Labels as whole numbers from 0, part by part, and the names of all classes, in order.

    `names` is None where the labels were such numbers already.
    """

    parts: list[NDArray[np.int64]]
    names: tuple[str, ...] | None


def classes_in(parts: Sequence[NDArray[Any]], where: str, names: Sequence[str] = ()) -> Classes:
    """Return the classes of *parts*, the labels of a set's learning and test rows.

    Numbers without gaps from 0 are classes as they are, with *names* where there are any.  All else
    is numbered anew: numbers in their order (from 1, with gaps, negative), text in alphabetical
    order, one-hot rows ``(n, C)`` by their column.  Only classes that occur are counted, but for
    *names* and columns, which are classes whether they occur or not.  Raise DataError, naming
    *where*.
    """
    flat = [_flat(part, where) for part in parts]
    if any(part.ndim == 2 for part in flat):
        return _columns(flat, where)
    if names:
        return Classes([_named(part, names, where) for part in flat], tuple(names))
    values = np.unique(np.concatenate(flat))
    if values.dtype.kind in "US":
        values = np.array(sorted(values.tolist(), key=in_order))
    elif values.dtype.kind in "iub" and np.array_equal(values, np.arange(len(values))):
        plain = values.dtype.kind != "b"
        return Classes([part.astype(np.int64) for part in flat], None if plain else _BOOLS)
    place = {value: i for i, value in enumerate(values.tolist())}
    codes = [np.array([place[v] for v in part.tolist()], np.int64) for part in flat]
    return Classes(codes, tuple(map(str, values.tolist())))


_BOOLS = ("False", "True")


def in_order(name: str) -> tuple[bool, int, str]:
    """Sort whole numbers by number, before all other text."""
    number = name.isascii() and name.isdecimal() and len(name) < 20
    return not number, int(name) if number else 0, name


def _flat(part: NDArray[Any], where: str) -> NDArray[Any]:
    """Return labels ``(n,)`` as whole numbers, text or truth values, or ``(n, C)`` one-hot."""
    y = part[:, 0] if part.ndim == 2 and part.shape[1] == 1 else part
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8", "replace")
    if y.dtype.kind == "f":
        whole = np.isfinite(y) & (y == np.floor(y)) & (np.abs(y) < 2**53)
        if not whole.all():
            raise DataError(
                f"{where}: y must be classes (whole numbers, text, one-hot), given {y.dtype}"
                f" {y[~whole][:1].tolist()[0]:g}; this is not for regression"
            )
        y = y.astype(np.int64)
    if y.dtype.kind not in "iubUS" or y.ndim not in (1, 2):
        raise DataError(
            f"{where}: y must be classes (whole numbers, text, one-hot), given {y.dtype} of shape"
            f" {part.shape}"
        )
    if y.dtype.kind == "u" and y.max(initial=0) >= 2**63:
        raise DataError(f"{where}: y has labels beyond 2^63")
    return y


def _columns(flat: Sequence[NDArray[Any]], where: str) -> Classes:
    if len({part.shape[1:] for part in flat}) > 1:
        shapes = " and ".join(str(part.shape) for part in flat)
        raise DataError(f"{where}: labels of shapes {shapes}; all must be one-hot alike, or none")
    for part in flat:
        if part.dtype.kind not in "iub" or not ((part == 0) | (part == 1)).all():
            raise DataError(
                f"{where}: y of shape {part.shape} is not one-hot: has not only 0 and 1"
            )
        if (part.sum(axis=1) != 1).any():
            row = int(np.flatnonzero(part.sum(axis=1) != 1)[0])
            raise DataError(
                f"{where}: y of shape {part.shape} is not one-hot: row {row} has"
                f" {int(part[row].sum())} classes"
            )
    names = tuple(map(str, range(flat[0].shape[1])))
    return Classes([part.argmax(axis=1) for part in flat], names)


def _named(part: NDArray[Any], names: Sequence[str], where: str) -> NDArray[np.int64]:
    beyond = part[(part < 0) | (part >= len(names))]
    if len(beyond):
        raise DataError(
            f"{where}: label {beyond[0]}, but there are names for 0 to {len(names) - 1}"
        )
    return part.astype(np.int64)
