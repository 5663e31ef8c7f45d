"""The one tidy table that a sweep ends in."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from p2pkd.study.measures import MeasureSpec
from p2pkd.study.point import Point
from p2pkd.study.task import DONE, FAILED, PRUNED, fault_of, manifest_of

if TYPE_CHECKING:
    import pandas as pd

TABLE = "table"
PENDING = "pending"
PROGRAM = ("version", "git_commit")


def table_of(
    points: Sequence[Point],
    columns: Sequence[str],
    folder: Path,
    errors: Mapping[str, str] | None = None,
    measure: MeasureSpec | None = None,
    others: Sequence[Mapping[str, Any]] = (),
) -> pd.DataFrame:
    """Return a row per run of *points*, in their order, from the run directories in *folder*.

    Columns: each swept key and ``seed``, which are *columns*; ``run`` (the directory's name),
    ``status``, ``error`` and, of a search, ``objective``, its *measure*; then every number of the
    runs' summaries, of pruned ones as far as they came; ``version`` and ``git_commit`` of the
    program.  *errors* tells why runs failed, by key; *others* are rows of what could not become a
    run.  Nothing in it depends on the wall clock or on who ran what.
    """
    import pandas as pd

    errors = errors or {}
    rows = [_row(point, folder, errors, measure) for point in points]
    frame = pd.DataFrame([*rows, *others])
    for column in columns:
        if column in frame:
            frame[column] = _one_type(frame[column])
    return frame.assign(**{key: frame.pop(key) for key in PROGRAM if key in frame})


def _row(
    point: Point, folder: Path, errors: Mapping[str, str], measure: MeasureSpec | None
) -> dict[str, Any]:
    directory = folder / point.key
    manifest = manifest_of(directory)
    status = manifest.get("status") or (FAILED if point.key in errors else PENDING)
    error = manifest.get("error", "") if status == PRUNED else errors.get(point.key, "")
    if status == PENDING:
        error = fault_of(directory) or error
    facts: dict[str, Any] = {"run": point.key, "status": status, "error": error}
    if measure is not None:
        facts["objective"] = objective_of(directory, measure) if status == DONE else math.nan
    if status in (DONE, PRUNED):
        facts |= manifest["summary"]
        facts |= {"version": manifest.get("versions", {}).get("p2pkd")}
        facts |= {"git_commit": manifest.get("git_commit")}
    return {**point.labels, **facts}


def objective_of(directory: Path, measure: MeasureSpec) -> float:
    """Return the *measure* of the run in *directory*."""
    from p2pkd.analysis.result import Result

    return measure.of(Result.from_dir(directory))


def write_table(frame: pd.DataFrame, folder: Path) -> Path:
    """Write *frame* as ``table.parquet`` and ``table.csv``, whole or not at all; return the first.

    Raise OSError if that is not possible.
    """
    from p2pkd.analysis.io.tables import csv_text

    def write_csv(path: Path) -> None:
        path.write_text(csv_text(frame, index=False), encoding="utf-8")

    def write_parquet(path: Path) -> None:
        frame.to_parquet(path, index=False)

    for ending, write in (("parquet", write_parquet), ("csv", write_csv)):
        partial = folder / f".{TABLE}.{ending}.partial"
        write(partial)
        os.replace(partial, folder / f"{TABLE}.{ending}")
    return folder / f"{TABLE}.parquet"


def _one_type(column: pd.Series) -> pd.Series:
    """Return labels as text unless all are numbers: Parquet wants one type a column."""
    kinds = {type(value) for value in column.dropna()}
    return column if kinds <= {int, float} or kinds == {bool} else column.astype(str)
