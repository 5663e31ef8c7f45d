"""A data set as read, before it is split."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.world.labels import classes_in
from p2pkd.world.stratify import stratified

Channels = Literal["first", "last"]


class Part(NamedTuple):
    """Rows and their labels, as a file has them."""

    x: NDArray[Any]
    y: NDArray[Any]

    def with_(self, other: Part, where: str) -> Part:
        """Return both parts' rows; raise DataError, naming *where*, if they are not alike."""
        if self.x.shape[1:] != other.x.shape[1:] or self.y.shape[1:] != other.y.shape[1:]:
            raise DataError(f"{where}: rows {other.x.shape[1:]}, others are {self.x.shape[1:]}")
        return Part(np.concatenate([self.x, other.x]), np.concatenate([self.y, other.y]))


@dataclass(frozen=True, eq=False)
class Raw:
    """Labelled rows.

    Attributes
    ----------
    x : ``(n_rows, n_features)``, each row flattened from `input_shape`.
    y : ``(n_rows,)``, classes from 0.
    input_shape : ``(channels, height, width)`` for images, else ``(n_features,)``.
    test_x, test_y : the set's own test part, where it has one.
    standardise : whether columns are to be centred and scaled, with statistics of rows that are not
        for testing.
    owners : ``(n_rows,)``, the name of each row's owner, where the set tells; empty: nobody.
    """

    name: str
    x: NDArray[np.float32]
    y: NDArray[np.int64]
    input_shape: tuple[int, ...]
    class_names: tuple[str, ...] | None = None
    test_x: NDArray[np.float32] | None = None
    test_y: NDArray[np.int64] | None = None
    standardise: bool = False
    owners: NDArray[np.str_] | None = None

    @property
    def n_classes(self) -> int:
        """Number of classes: one more than the largest label, or as many as have names."""
        own_test = -1 if self.test_y is None else int(self.test_y.max(initial=-1))
        return max(int(self.y.max(initial=-1)), own_test, len(self.class_names or ()) - 1) + 1

    @classmethod
    def from_arrays(
        cls,
        name: str,
        x: NDArray[Any],
        y: NDArray[Any],
        where: str,
        class_names: tuple[str, ...] | None = None,
        *,
        test: Part | None = None,
        channels: Channels | None = None,
        standardise: bool = False,
        owners: NDArray[Any] | None = None,
    ) -> Raw:
        """Check and convert arrays from a user; *test* is the set's own test part.

        Images of bytes are divided by 255 and ``(n, h, w[, channels])`` becomes channels first;
        tables, and floating-point numbers, are taken as they are.  Labels become classes as
        `p2pkd.world.labels.classes_in` says.  Raise DataError, naming *where*.
        """
        parts = [Part(np.asarray(x), np.asarray(y))]
        parts += [] if test is None else [Part(np.asarray(test.x), np.asarray(test.y))]
        for part in parts:
            if part.x.ndim < 2 or not part.y.ndim or len(part.x) != len(part.y) or not len(part.y):
                raise DataError(
                    f"{where}: x {part.x.shape} and y {part.y.shape}; need (rows, ...) and (rows,)"
                )
        if owners is not None and len(owners) != len(parts[0].y):
            raise DataError(f"{where}: {len(owners)} owners of {len(parts[0].y)} rows")
        if test is not None and parts[0].x.shape[1:] != parts[1].x.shape[1:]:
            raise DataError(
                f"{where}: rows of {parts[0].x.shape[1:]} to learn from and of"
                f" {parts[1].x.shape[1:]} for testing"
            )
        classes = classes_in([part.y for part in parts], where, class_names or ())
        rows = [_rows(part.x, where, channels) for part in parts]
        shape = rows[0].shape[1:]
        flat = [x.reshape(len(x), -1) for x in rows]
        return cls(
            name,
            flat[0],
            classes.parts[0],
            shape,
            classes.names,
            test_x=None if test is None else flat[1],
            test_y=None if test is None else classes.parts[1],
            standardise=standardise,
            owners=owners,
        )


def _rows(x: NDArray[Any], where: str, channels: Channels | None) -> NDArray[np.float32]:
    """Return numbers ``(n, features)``, or images with channels first, as float32."""
    if np.iscomplexobj(x):
        raise DataError(f"{where}: x is complex; save real and imaginary parts as columns")
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        raise DataError(f"{where}: x must be numbers, given {x.dtype}")
    if x.ndim > 4:
        raise DataError(f"{where}: x has {x.ndim} dimensions; rows are tables or images")
    if not math.prod(x.shape[1:]):
        raise DataError(f"{where}: x {x.shape} has no columns")
    # A table of bytes has units of its own: ages, counts.
    scale = 255 if x.dtype == np.uint8 and x.ndim > 2 else 1
    if x.ndim > 2:
        x = _channels_first(x, where, channels)
    elif channels is not None:
        raise DataError(f"{where}: channels: {channels}, but x {x.shape} is no images")
    with np.errstate(over="ignore"):
        rows = np.asarray(x.astype(np.float32) / np.float32(scale))
    if not np.isfinite(rows).all():
        raise DataError(f"{where}: x has entries that are not finite in float32")
    return rows


def limited(raw: Raw, limit: int | None, rng: np.random.Generator) -> Raw:
    """Return at most *limit* rows of *raw*, stratified; an own test part keeps its proportion."""
    tests = 0 if raw.test_y is None else len(raw.test_y)
    total = len(raw.y) + tests
    if limit is None or limit >= total:
        return raw
    n_test = limit * tests // total
    rows = np.sort(stratified(raw.y, limit - n_test, rng))
    changes: dict[str, Any] = {"x": raw.x[rows], "y": raw.y[rows]}
    if raw.owners is not None:
        changes["owners"] = raw.owners[rows]
    if raw.test_x is not None and raw.test_y is not None:
        rows = np.sort(stratified(raw.test_y, n_test, rng))
        changes |= {"test_x": raw.test_x[rows], "test_y": raw.test_y[rows]}
    return replace(raw, **changes)


def _channels_first(x: NDArray[Any], where: str, channels: Channels | None) -> NDArray[Any]:
    """Return images ``(n, channels, height, width)``, said or guessed where there is no doubt."""
    if x.ndim == 3:
        return x[:, None]
    _, a, b, c = x.shape
    # A photograph is square, or has fewer channels than pixels in a row: what does it look like?
    seen = {"last"} if a == b != c or c <= 4 < a else set()
    seen |= {"first"} if b == c != a or a <= 4 < c else set()
    if channels is None and len(seen) != 1:
        raise DataError(
            f"{where}: images of {a} x {b} x {c}: are the channels first or last? set"
            " data.dataset.channels: first or last"
        )
    return x.transpose(0, 3, 1, 2) if (channels or seen.pop()) == "last" else x
