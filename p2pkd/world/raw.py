"""A data set as read, before it is split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.world.stratify import stratified


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
    """

    name: str
    x: NDArray[np.float32]
    y: NDArray[np.int64]
    input_shape: tuple[int, ...]
    class_names: tuple[str, ...] | None = None
    test_x: NDArray[np.float32] | None = None
    test_y: NDArray[np.int64] | None = None
    standardise: bool = False

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
    ) -> Raw:
        """Check and convert arrays from a user.

        Images of bytes are divided by 255 and ``(n, h, w[, channels])`` becomes channels first;
        floating-point numbers are taken as they are.  Raise DataError, naming *where*.
        """
        x, y = np.asarray(x), np.asarray(y)
        if x.ndim < 2 or len(x) != len(y) or y.ndim != 1 or not len(y):
            raise DataError(f"{where}: x {x.shape} and y {y.shape}; need (rows, ...) and (rows,)")
        if not np.issubdtype(y.dtype, np.integer) or y.min() < 0:
            raise DataError(f"{where}: y must be whole numbers from 0, given {y.dtype} {y[:3]}")
        if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
            raise DataError(f"{where}: x must be numbers, given {x.dtype}")
        scale = 255 if x.dtype == np.uint8 else 1
        x = _channels_first(x)
        flat = x.reshape(len(x), -1).astype(np.float32) / np.float32(scale)
        if not np.isfinite(flat).all():
            raise DataError(f"{where}: x has entries that are not finite")
        return cls(name, flat, y.astype(np.int64), x.shape[1:], class_names)


def limited(raw: Raw, limit: int | None, rng: np.random.Generator) -> Raw:
    """Return at most *limit* rows of *raw*, stratified; an own test part keeps its proportion."""
    tests = 0 if raw.test_y is None else len(raw.test_y)
    total = len(raw.y) + tests
    if limit is None or limit >= total:
        return raw
    n_test = limit * tests // total
    rows = np.sort(stratified(raw.y, limit - n_test, rng))
    changes: dict[str, Any] = {"x": raw.x[rows], "y": raw.y[rows]}
    if raw.test_x is not None and raw.test_y is not None:
        rows = np.sort(stratified(raw.test_y, n_test, rng))
        changes |= {"test_x": raw.test_x[rows], "test_y": raw.test_y[rows]}
    return replace(raw, **changes)


def _channels_first(x: NDArray[Any]) -> NDArray[Any]:
    if x.ndim == 3:
        return x[:, None]
    # 1 to 4 channels at the end and not at the front: photographs as most files hold them.
    if x.ndim == 4 and x.shape[3] <= 4 < x.shape[1]:
        return x.transpose(0, 3, 1, 2)
    return x
