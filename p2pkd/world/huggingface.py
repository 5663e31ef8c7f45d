"""An adapter to the optional package Hugging Face `datasets`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError, suggestion
from p2pkd.scenario.data import HuggingFace
from p2pkd.world.raw import Raw


def load_huggingface(spec: HuggingFace, base: Path) -> Raw:
    """Return the split *spec.split* of a set by name, or of a folder made by `save_to_disk`.

    Raise DataError if the package, the set or a column is missing.
    """
    try:
        datasets: Any = importlib.import_module("datasets")
    except ImportError:
        raise DataError(
            f"data.dataset: {spec.name!r} needs the package datasets; pip install 'p2pkd[datasets]'"
        ) from None
    table = _open(datasets, spec, base)
    column = spec.image or _input_column(table, spec)
    for key in (column, spec.label):
        if key not in table.column_names:
            known = suggestion(key, table.column_names)
            raise DataError(f"data.dataset: {spec.name!r} has no column {key!r}{known}")
    y, names = _labels(table, spec.label)
    rows = _stack(table[column], spec.name, column)
    # Pictures have their channels last, as Pillow hands them over.
    pictures = not isinstance(table[0][column], np.ndarray | list) and rows.ndim == 4
    channels = spec.channels or ("last" if pictures else None)
    where = f"data.dataset {spec.name!r}"
    return Raw.from_arrays(
        spec.name, rows, y, where, names, channels=channels, standardise=spec.standardise
    )


def _open(datasets: Any, spec: HuggingFace, base: Path) -> Any:
    folder = base / spec.name
    try:
        if folder.is_dir():
            table = datasets.load_from_disk(str(folder))
            return table[spec.split] if isinstance(table, dict) else table
        return datasets.load_dataset(spec.name, split=spec.split)
    except Exception as error:  # the package raises errors of many kinds for one cause: not there
        reason = f"{type(error).__name__}: {error}"
        raise DataError(f"data.dataset: {spec.name!r} cannot be loaded: {reason}") from error


def _input_column(table: Any, spec: HuggingFace) -> str:
    """Return the first column, not the label, that holds arrays of two numbers or more."""
    for name in table.column_names:
        if name != spec.label and np.ndim(_array(table[0][name])) >= 1:
            return str(name)
    raise DataError(
        f"data.dataset: no column of {spec.name!r} holds images or arrays; set image to one of "
        f"{', '.join(table.column_names)}"
    )


def _array(value: Any) -> NDArray[Any]:
    array = np.asarray(value)
    return array if array.dtype.kind in "biuf" else np.empty(())


def _stack(values: Any, name: str, column: str) -> NDArray[Any]:
    arrays = [np.asarray(value) for value in values]
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) != 1:
        raise DataError(
            f"data.dataset: {name!r}, column {column!r}: rows of different shapes, such as "
            f"{shapes[:2]}; resize them first"
        )
    return np.stack(arrays)


def _labels(table: Any, column: str) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    """Return labels and the classes' names, where the set has any."""
    labels = np.asarray(table[column])
    named = getattr(table.features.get(column), "names", None)
    return labels, tuple(named) if named else None
