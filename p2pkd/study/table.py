"""The one tidy table that a sweep ends in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from p2pkd.study.load import Study
from p2pkd.study.task import DONE, row_of, status_of

if TYPE_CHECKING:
    import pandas as pd

TABLE = "table"
PENDING = "pending"


def table_of(study: Study, folder: Path, errors: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return a row per run of *study*, in its order, from the run directories in *folder*.

    Columns: each swept key and ``seed``; ``run`` (the directory's name), ``status`` and ``error``;
    then every number of the runs' summaries.  *errors* tells why runs failed, by key.  Nothing in
    it depends on the wall clock or on who ran what.
    """
    import pandas as pd

    errors = errors or {}
    rows = []
    for point in study.points:
        directory = folder / point.key
        status = status_of(directory) or ("failed" if point.key in errors else PENDING)
        facts = {"run": point.key, "status": status, "error": errors.get(point.key, "")}
        summary = row_of(directory) if status == DONE else {}
        rows.append({**point.labels, **facts, **summary})
    frame = pd.DataFrame(rows)
    for column in study.columns:
        frame[column] = _one_type(frame[column])
    return frame


def write_table(frame: pd.DataFrame, folder: Path) -> Path:
    """Write *frame* as ``table.parquet`` and ``table.csv``, whole or not at all; return the first.

    Raise OSError if that is not possible.
    """
    for ending, write in (("parquet", frame.to_parquet), ("csv", frame.to_csv)):
        partial = folder / f".{TABLE}.{ending}.partial"
        write(partial, index=False)
        os.replace(partial, folder / f"{TABLE}.{ending}")
    return folder / f"{TABLE}.parquet"


def _one_type(column: pd.Series) -> pd.Series:
    """Return labels as text unless all are numbers: Parquet wants one type a column."""
    kinds = {type(value) for value in column.dropna()}
    return column if kinds <= {int, float} or kinds == {bool} else column.astype(str)
