"""The observer that writes every record to Parquet while the run goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from p2pkd.core.errors import RunError
from p2pkd.core.records import Observer
from p2pkd.record.counters import Counters
from p2pkd.record.fingerprint import Fingerprint
from p2pkd.record.tables import TABLES, Table

# Rows in a batch: a row group of the file and a unit of the fingerprint.  Part of the fingerprint's
# definition, so that it does not depend on when buffers happen to be emptied.
BATCH = 16384


class Recorder(Observer):
    """Streams records into ``<folder>/<table>.parquet``, never holding more than a few batches.

    The hooks ``message``, ``compute``, ... *are* the ``append`` of each table's buffer; whole
    batches leave the buffers whenever time advances, the rest at `close`.  Where *folder* is None
    nothing is written, and only fingerprint and totals are kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self.fingerprint = Fingerprint([table.name for table in TABLES])
        self.counters = Counters()
        self._buffers: list[tuple[Table, list[Any], pq.ParquetWriter | None]] = []
        self._closed = False
        try:
            for table in TABLES:
                buffer: list[Any] = []
                self._buffers.append((table, buffer, _writer(folder, table)))
                setattr(self, table.hook, buffer.append)
        except OSError:
            self.abandon()
            raise

    def advance(self, now_s: float, events: int) -> None:
        """Write whole batches, now that nobody is in the middle of a record."""
        self.counters.simulated_s = now_s
        self.counters.events = events
        for table, buffer, writer in self._buffers:
            while len(buffer) >= BATCH:
                self._write(table, buffer[:BATCH], writer)
                del buffer[:BATCH]

    def close(self) -> None:
        """Write what is left and close all files; a second call does nothing."""
        if self._closed:
            return
        self.advance(self.counters.simulated_s, self.counters.events)
        self._closed = True
        for table, buffer, writer in self._buffers:
            if buffer:
                self._write(table, buffer, writer)
                buffer.clear()
            if writer is not None:
                with _telling(table):
                    writer.close()

    def abandon(self) -> None:
        """Close all files as they are, whatever that makes of them; nothing more is written."""
        self._closed = True
        for _, buffer, writer in self._buffers:
            buffer.clear()
            if writer is not None:
                # A writer that has failed fails again, and would once more when it is forgotten.
                with suppress(OSError, pa.ArrowException):
                    writer.close()
                writer.is_open = False

    def summary(self) -> dict[str, Any]:
        """Return the totals and the fingerprint of all that has been written."""
        return {**self.counters.summary(), "fingerprint": self.fingerprint.hexdigest()}

    def _write(self, table: Table, rows: list[Any], writer: pq.ParquetWriter | None) -> None:
        columns = table.columns(rows)
        self.fingerprint.update(table.name, columns, len(rows))
        self.counters.update(table.name, columns)
        if writer is not None:
            arrays = [pa.array(columns[field.name], field.type) for field in table.schema]
            with _telling(table):
                writer.write_batch(pa.record_batch(arrays, schema=table.schema))


def _writer(folder: Path | None, table: Table) -> pq.ParquetWriter | None:
    if folder is None:
        return None
    return pq.ParquetWriter(folder / f"{table.name}.parquet", table.schema, compression="zstd")


@contextmanager
def _telling(table: Table) -> Iterator[None]:
    """Raise RunError, with the table's name, where its file cannot be written."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        code = getattr(error, "errno", None)
        why = os.strerror(code) if code else str(error)
        raise RunError(f"{table.name}.parquet: cannot be written: {why}") from error
