"""Rows as agents see them: one function a kind of view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario import views as specs
from p2pkd.scenario.views import ViewsSpec
from p2pkd.world.partition import Partition
from p2pkd.world.shift import rotated

Rows = NDArray[np.float32]
Look = Callable[[Rows], Rows]
"""What a view makes of rows, ``(n, n_features)``."""


@dataclass(frozen=True, eq=False)
class Views:
    """V views of the rows that several agents look at.

    Attributes
    ----------
    names : ``(V,)``
    of : ``(n_agents,)``, the view of each agent.
    reference_x : ``(V, n_reference, n_features)``; V is 1 where all see them as they are.
    test_x : ``(V, n_test, n_features)``; V is 1 likewise.
    """

    names: tuple[str, ...]
    of: NDArray[np.int64]
    reference_x: Rows
    test_x: Rows

    def __post_init__(self) -> None:
        for array in (self.of, self.reference_x, self.test_x):
            array.setflags(write=False)


def build_views(
    spec: ViewsSpec,
    shape: tuple[int, ...],
    n_agents: int,
    reference_x: Rows,
    test_x: Rows,
    streams: Streams,
) -> tuple[Views, list[Look]]:
    """Return the views of *spec* on rows of *shape*, and what each does to rows.

    Raise DataError if rows of this shape cannot be seen so.
    """
    looks = _looks(spec, shape, streams.generator("views"))
    of = streams.generator("views of agents").permutation(np.arange(n_agents) % len(looks))
    own = list(looks.values())
    views = Views(
        names=tuple(looks),
        of=of.astype(np.int64),
        reference_x=_each(own if spec.reference == "own" else [np.copy], reference_x),
        test_x=_each(own if spec.test == "own" else [np.copy], test_x),
    )
    return views, own


def _each(looks: list[Look], x: Rows) -> Rows:
    return np.stack([look(x) for look in looks])


def seen(x: Rows, partition: Partition, views: Views, looks: list[Look]) -> Rows:
    """Return the private rows *x*, ``(n_rows, n_features)``, as their owners see them."""
    result = x.copy()
    view = np.repeat(views.of, partition.sizes)
    for i, look in enumerate(looks):
        rows = partition.rows[view == i]
        result[rows] = look(x[rows])
    return result


@singledispatch
def _looks(spec: ViewsSpec, shape: tuple[int, ...], rng: np.random.Generator) -> dict[str, Look]:
    """Return the views by name, in order."""
    raise DataError(f"no builder for the views {type(spec).__name__}")


@_looks.register
def _features(
    spec: specs.FeatureViews, shape: tuple[int, ...], rng: np.random.Generator
) -> dict[str, Look]:
    n = int(np.prod(shape))
    kept, order = max(1, round(spec.share * n)), rng.permutation(n)
    starts = [n * i // spec.views for i in range(spec.views)]
    return {
        f"features {i + 1}": _masking(_only(n, order[(start + np.arange(kept)) % n]))
        for i, start in enumerate(starts)
    }


@_looks.register
def _parts(
    spec: specs.ImageParts, shape: tuple[int, ...], rng: np.random.Generator
) -> dict[str, Look]:
    if len(shape) != 3:
        raise _no_images("parts", shape)
    _, height, width = shape
    down, right = np.mgrid[:height, :width]
    sides = {
        "left": right < width / 2,
        "right": right >= width / 2,
        "top": down < height / 2,
        "bottom": down >= height / 2,
    }
    masks = {side: np.broadcast_to(sides[side], shape).ravel() for side in spec.sides}
    return {side: _masking(mask.astype(np.float32)) for side, mask in masks.items()}


@_looks.register
def _projections(
    spec: specs.Projections, shape: tuple[int, ...], rng: np.random.Generator
) -> dict[str, Look]:
    n = int(np.prod(shape))
    if spec.size > n:
        raise DataError(f"data.views.size: {spec.size}, but rows have only {n} numbers")
    maps = [np.linalg.qr(rng.standard_normal((n, spec.size)))[0] for _ in range(spec.views)]
    return {f"sensor {i + 1}": _projecting(each) for i, each in enumerate(maps)}


@_looks.register
def _rotations(
    spec: specs.Rotations, shape: tuple[int, ...], rng: np.random.Generator
) -> dict[str, Look]:
    if len(shape) != 3:
        raise _no_images("rotation", shape)
    return {f"{angle:g} degrees": _turning(angle, shape) for angle in spec.degrees}


def _only(n: int, kept: NDArray[np.int64]) -> Rows:
    mask = np.zeros(n, np.float32)
    mask[kept] = 1
    return mask


def _masking(mask: Rows) -> Look:
    return lambda x: x * mask


def _projecting(directions: NDArray[np.float64]) -> Look:
    def look(x: Rows) -> Rows:
        result = np.zeros_like(x)
        result[:, : directions.shape[1]] = x @ directions
        return result

    return look


def _turning(angle: float, shape: tuple[int, ...]) -> Look:
    def look(x: Rows) -> Rows:
        return rotated(x.reshape(-1, *shape), np.full(len(x), angle)).reshape(x.shape)

    return look


def _no_images(kind: str, shape: tuple[int, ...]) -> DataError:
    return DataError(
        f"data.views: {kind!r} is for images, and rows have shape {shape}; use features or"
        " projection"
    )
