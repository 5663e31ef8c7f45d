"""Reading record tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from p2pkd.core.errors import ResultError
from p2pkd.core.text import cell


def read_table(path: Path) -> pd.DataFrame:
    """Return the table in *path*; raise ResultError if it is missing or broken."""
    try:
        frame: pd.DataFrame = pq.ParquetFile(path).read().to_pandas()
    except FileNotFoundError:
        raise ResultError(f"{path}: is missing; the run directory is not complete") from None
    except (OSError, pa.ArrowException) as error:
        raise ResultError(f"{path}: is broken: {error}") from None
    return frame


def csv_text(frame: pd.DataFrame, *, index: bool = True) -> str:
    """Return *frame* as CSV in which no name is a formula to a spreadsheet (`cell`)."""
    shown = frame.reset_index() if index else frame.copy()
    names = [str(cell(str(name))) for name in shown.columns]
    shown.columns = pd.RangeIndex(len(names))
    for column in shown:
        if not pd.api.types.is_numeric_dtype(shown[column]):  # bool counts as a number
            shown[column] = shown[column].map(cell)
    text: str = shown.to_csv(index=False, header=names)
    return text
