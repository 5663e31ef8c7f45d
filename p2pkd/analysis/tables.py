"""Reading record tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from p2pkd.core.errors import ResultError


def read_table(path: Path) -> pd.DataFrame:
    """Return the table in *path*; raise ResultError if it is missing or broken."""
    try:
        frame: pd.DataFrame = pq.ParquetFile(path).read().to_pandas()
    except FileNotFoundError:
        raise ResultError(f"{path}: is missing; the run directory is not complete") from None
    except (OSError, pa.ArrowException) as error:
        raise ResultError(f"{path}: is broken: {error}") from None
    return frame
