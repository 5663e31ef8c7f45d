"""Drawing the public rows: one function a kind of draw."""

from __future__ import annotations

from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import ReferenceSpec
from p2pkd.scenario.reference import DrawSpec, RandomDraw, ShiftedDraw, StratifiedDraw
from p2pkd.world.datasets import load
from p2pkd.world.devices import largest_remainder
from p2pkd.world.raw import Raw
from p2pkd.world.stratify import by_class, stratified

Rows = NDArray[np.int64]


def draw_rows(spec: ReferenceSpec, y: Rows, n_classes: int, name: str, streams: Streams) -> Rows:
    """Return the places in *y*, ``(rows,)``, of the reference rows; classes `without` are left out.

    Raise DataError, with the remedy, where there are too few.
    """
    beyond = [c for c in spec.without if c >= n_classes]
    if beyond:
        raise DataError(
            f"data.reference.without: {beyond[0]}, but {name!r} has the classes 0 to"
            f" {n_classes - 1}"
        )
    allowed = np.flatnonzero(~np.isin(y, spec.without))
    if spec.rows > len(allowed):
        raise DataError(
            f"data.reference.rows: {spec.rows}, but {name!r} has only {len(allowed)} rows to take"
            " them from; take fewer, or leave out fewer classes"
        )
    return allowed[_drawn(spec.draw, y[allowed], spec.rows, n_classes, streams)]


@singledispatch
def _drawn(spec: DrawSpec, y: Rows, n: int, n_classes: int, streams: Streams) -> Rows:
    """Return *n* different places in *y*, in random order."""
    raise DataError(f"no builder for the draw {type(spec).__name__}")


def register(spec: type[DrawSpec]) -> Any:
    """Return a decorator that makes a function with `_drawn`'s arguments the draw of *spec*."""
    return _drawn.register(spec)


@_drawn.register
def _random(spec: RandomDraw, y: Rows, n: int, n_classes: int, streams: Streams) -> Rows:
    return streams.generator("reference split").permutation(len(y))[:n]


@_drawn.register
def _stratified(spec: StratifiedDraw, y: Rows, n: int, n_classes: int, streams: Streams) -> Rows:
    return stratified(y, n, streams.generator("reference split")) if n else y[:0]


@_drawn.register
def _shifted(spec: ShiftedDraw, y: Rows, n: int, n_classes: int, streams: Streams) -> Rows:
    rng = streams.generator("reference split")
    order, start = by_class(y, rng, n_classes)
    counts = _filled(_shares(spec, n_classes, streams), np.diff(start) // 2, n)
    rank = np.arange(len(y)) - np.repeat(start[:-1], np.diff(start))
    return rng.permutation(order[rank < np.repeat(counts, np.diff(start))])


def _shares(spec: ShiftedDraw, n_classes: int, streams: Streams) -> NDArray[np.float64]:
    if spec.shares is None:
        drawn = streams.generator("reference shares").standard_gamma(spec.alpha, n_classes)
        return np.asarray(drawn + 1e-12)
    if len(spec.shares) != n_classes:
        raise DataError(
            f"data.reference.draw.shares: {len(spec.shares)} numbers, but there are {n_classes}"
            " classes; give one for each"
        )
    return np.array(spec.shares)


def _filled(shares: NDArray[np.float64], room: Rows, n: int) -> Rows:
    """Return counts that add up to *n*, by *shares* as far as there is *room*, ``(n_classes,)``."""
    counts = np.zeros(len(room), np.int64)
    while counts.sum() < n:
        open_ = (counts < room) & (shares > 0)
        if not open_.any():
            raise DataError(
                f"data.reference.rows: {n}, but half of the rows of the classes that are asked for"
                f" are {int(room[shares > 0].sum())}; take fewer, or give more classes a share"
            )
        more = largest_remainder(np.where(open_, shares, 0.0).tolist(), n - int(counts.sum()))
        counts = np.minimum(counts + more, room)
    return counts


def other_rows(
    spec: ReferenceSpec, own: Raw, streams: Streams, base: Path
) -> tuple[NDArray[np.float32], Rows]:
    """Return reference rows from the data set `spec.dataset`, and -1 for each as its label.

    Rows that are also *own*'s are left out, so that none is in two places.  Columns are scaled by
    their own statistics where such sets are scaled at all.  Raise DataError where rows have another
    shape than *own*'s, or all of them are *own*'s.
    """
    assert spec.dataset is not None
    apart = streams.within("reference set")
    raw = load(spec.dataset, apart, base)
    if raw.input_shape != own.input_shape:
        raise DataError(
            f"data.reference.dataset: rows of {raw.name!r} have the shape {raw.input_shape}, those"
            f" of {own.name!r} {own.input_shape}; take a set of that shape"
        )
    fresh = _fresh_rows(raw, own)
    if not len(fresh):
        raise DataError(
            f"data.reference.dataset: is the data set itself, {own.name!r}, whose rows would be"
            " public and private at once; leave it out, to set some of its rows apart"
        )
    taken = fresh[draw_rows(spec, raw.y[fresh], raw.n_classes, raw.name, streams)]
    x = raw.x
    if raw.standardise:
        deviation = x.std(axis=0)
        x = (x - x.mean(axis=0)) / np.where(deviation == 0, 1, deviation)
    return x[taken].astype(np.float32), np.full(len(taken), -1)


def _fresh_rows(raw: Raw, own: Raw) -> Rows:
    """Return the places of *raw*'s rows that are not, number by number, among *own*'s."""
    known = {
        hash(row.tobytes()) for part in (own.x, own.test_x) if part is not None for row in part
    }
    return np.array(
        [i for i, row in enumerate(raw.x) if hash(row.tobytes()) not in known], np.int64
    )
