"""Reading data sets: one loader a kind, all ending in the same raw form."""

from __future__ import annotations

from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np

from p2pkd.core.errors import DataError
from p2pkd.core.machine import too_large
from p2pkd.core.rng import Streams
from p2pkd.scenario import data as specs
from p2pkd.scenario.data import DatasetSpec
from p2pkd.world.huggingface import load_huggingface
from p2pkd.world.idx import load_idx
from p2pkd.world.npz import load_npz
from p2pkd.world.paths import locate
from p2pkd.world.raw import Raw, limited
from p2pkd.world.synthetic import blobs, shells


@singledispatch
def load(spec: DatasetSpec, streams: Streams, base: Path) -> Raw:
    """Return the rows of *spec*, files looked for from *base*.

    Raise DataError, by name, if something is missing or not what it should be.
    """
    raise DataError(f"no loader for the data set {type(spec).__name__}")


def register(spec: type[DatasetSpec]) -> Any:
    """Return a decorator that makes a function with `load`'s arguments the loader of *spec*."""
    return load.register(spec)


@load.register
def _digits(spec: specs.Digits, streams: Streams, base: Path) -> Raw:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = (bunch.data / 16).astype(np.float32)
    return Raw("digits", x, bunch.target.astype(np.int64), (1, 8, 8))


@load.register
def _bundled(spec: specs.Bundled, streams: Streams, base: Path) -> Raw:
    from sklearn import datasets

    if spec.name == "digits":
        return _digits(specs.Digits(), streams, base)
    bunch = getattr(datasets, f"load_{spec.name}")()
    x = np.asarray(bunch.data, np.float32)
    names = tuple(map(str, bunch.target_names))
    y = bunch.target.astype(np.int64)
    return Raw(spec.name, x, y, x.shape[1:], class_names=names, standardise=True)


@load.register
def _synthetic(spec: specs.Synthetic, streams: Streams, base: Path) -> Raw:
    # Twice: what is made, and what of it is split.
    if (problem := too_large(2 * 4.0 * spec.rows * spec.features)) is not None:
        raise DataError(f"data.dataset: {spec.rows:,} rows of {spec.features:,} take {problem}")
    rng = streams.generator("synthetic data")
    make = blobs if spec.shape == "blobs" else shells
    x, y = make(spec.rows, spec.features, spec.classes, spec.separation, rng=rng)
    return Raw(f"synthetic {spec.shape}", x, y, spec.known_shape()[0])


@load.register
def _idx(spec: specs.Idx, streams: Streams, base: Path) -> Raw:
    folder = locate(spec.path, base, DataError, "data.dataset.path")
    return limited(load_idx(folder, spec.split), spec.limit, streams.generator("data limit"))


@load.register
def _npz(spec: specs.Npz, streams: Streams, base: Path) -> Raw:
    file = locate(spec.path, base, DataError, "data.dataset.path")
    return load_npz(file, spec)


@load.register
def _huggingface(spec: specs.HuggingFace, streams: Streams, base: Path) -> Raw:
    return limited(load_huggingface(spec, base), spec.limit, streams.generator("data limit"))
