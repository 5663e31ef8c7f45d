"""The tables of a run directory: one per record class, one column per field.

Integers are int64 (agents' numbers int32), real numbers float64, strings dictionaries; each
column's unit stands in its field's metadata under ``unit``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_type_hints

import pyarrow as pa

from p2pkd.core import records
from p2pkd.core.errors import RunError

# The end of a column's name tells its unit; the first that fits counts.
UNITS = {
    "_bytes_per_s": "byte/s",
    "flops_per_s": "FLOP/s",
    "_bytes": "byte",
    "_s": "s",
    "_j": "J",
    "flops": "FLOP",
    "loss": "nat",
    "loss_mean": "nat",
}
AGENT_COLUMNS = {"agent", "sender", "receiver"}


@dataclass(frozen=True)
class Table:
    """One table: its file is ``<name>.parquet``; `hook` is the observer's method that fills it."""

    name: str
    hook: str
    record: type[Any]

    @cached_property
    def kinds(self) -> dict[str, type]:
        """The Python type of each column, in order."""
        return get_type_hints(self.record)

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema, with units in the fields' metadata."""
        return pa.schema([_field(name, kind) for name, kind in self.kinds.items()])

    def columns(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
        """Turn *rows* into columns ``(n_rows,)``: NumPy arrays for numbers, tuples for strings.

        Raise RunError, naming the column, where a value does not fit its column's type.
        """
        names = list(self.kinds)
        if not rows:
            return {name: self._column(name, ()) for name in names}
        return {
            name: self._column(name, values)
            for name, values in zip(names, zip(*rows, strict=True), strict=True)
        }

    def _column(self, name: str, values: tuple[Any, ...]) -> Any:
        if self.kinds[name] is str:
            return values
        try:
            # Arrow's cast refuses what NumPy would silently cut off: 1.5 as an integer.
            return (
                pa.array(values).cast(self.schema.field(name).type).to_numpy(zero_copy_only=False)
            )
        except (pa.ArrowException, TypeError, OverflowError) as error:
            message = f"a record of table {self.name!r} has a bad value for {name!r}: {error}"
            raise RunError(message) from None


def _field(name: str, kind: type) -> pa.Field:
    unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
    return pa.field(name, _arrow_type(name, kind), metadata={"unit": unit} if unit else None)


def _arrow_type(name: str, kind: type) -> pa.DataType:
    if kind is int:
        return pa.int32() if name in AGENT_COLUMNS else pa.int64()
    plain = {float: pa.float64(), bool: pa.bool_(), str: pa.dictionary(pa.int32(), pa.string())}
    return plain[kind]


TABLES = (
    Table("messages", "message", records.MessageRecord),
    Table("compute", "compute", records.ComputeRecord),
    Table("evaluations", "evaluation", records.EvaluationRecord),
    Table("population", "population", records.PopulationRecord),
    Table("presence", "presence", records.PresenceRecord),
    Table("agents", "agent", records.AgentRecord),
)
