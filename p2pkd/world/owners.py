"""Who owns which rows, where somebody has said so: a column of the data set, or lists in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.scenario.data import Indices, Owners, PartitionSpec
from p2pkd.world.labels import in_order
from p2pkd.world.paths import locate
from p2pkd.world.raw import Raw

Ints = NDArray[np.int64]


def owners_of(spec: PartitionSpec, raw: Raw, n: int, base: Path) -> Ints | None:
    """Return the owner of each of *raw*'s rows, -1 for nobody; None where *spec* draws them.

    Raise DataError, with the remedy, where they are not *n* owners.
    """
    if isinstance(spec, Owners):
        return _column(raw, n)
    if isinstance(spec, Indices):
        file = locate(spec.path, base, DataError, "data.partition.path")
        return _lists(_read(file), file, len(raw.y), n)
    return None


def _column(raw: Raw, n: int) -> Ints:
    if raw.owners is None:
        raise DataError(
            f"data.partition: owners, but {raw.name!r} does not say whose its rows are; name its"
            " array with data.dataset.owner (npz)"
        )
    names = sorted(set(raw.owners.tolist()) - {""}, key=in_order)
    if len(names) != n:
        raise DataError(f"data.partition: {len(names)} owners for {n} agents with data")
    place = {name: i for i, name in enumerate(names)} | {"": -1}
    return np.array([place[name] for name in raw.owners.tolist()], np.int64)


def _read(file: Path) -> list[Any]:
    try:
        lists = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{file}: cannot be read as JSON: {error}") from error
    if not isinstance(lists, list) or not all(isinstance(rows, list) for rows in lists):
        raise DataError(f"{file}: must be a list of lists of rows, one for each agent")
    return lists


def _lists(lists: list[list[Any]], file: Path, n_rows: int, n: int) -> Ints:
    if len(lists) != n:
        raise DataError(f"{file}: {len(lists)} lists of rows for {n} agents with data")
    owners = np.full(n_rows, -1)
    for agent, rows in enumerate(lists):
        for row in rows:
            if type(row) is not int or not 0 <= row < n_rows:
                raise DataError(
                    f"{file}: list {agent} has {row!r:.40}; rows are whole numbers from 0 to"
                    f" {n_rows - 1}"
                )
            if owners[row] >= 0:
                raise DataError(f"{file}: row {row} is in list {owners[row]} and in {agent}")
            owners[row] = agent
    return owners
