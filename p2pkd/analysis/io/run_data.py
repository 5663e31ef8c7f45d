"""A finished run as data: its manifest, its summary, and its tables as data frames."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from p2pkd.core.errors import ResultError
from p2pkd.core.plain_json import read_json
from p2pkd.core.seal import FILES, check, read_manifest

if TYPE_CHECKING:
    import pandas as pd


class RunData:
    """One run.

    The tables ``messages``, ``evaluations``, ``compute``, ``agents``, ``population`` and
    ``presence`` are pandas frames with one row per record of `p2pkd.core.records` and the record's
    fields as columns; each is read when first asked for.
    """

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def from_dir(cls, path: str | Path) -> Self:
        """Open the run directory *path*.

        Raise ResultError if it is missing, was never finished, its manifest is broken or changed,
        or a file is missing or has another size than the run wrote (`p2pkd.core.seal`).  That a
        file's contents are the run's is checked when it is first read.
        """
        path = Path(path)
        if not os.path.isdir(path):
            raise ResultError(f"{path}: no such directory; give a run directory (runs/NAME/...)")
        return cls(path, read_manifest(path))

    # -- what was recorded -----------------------------------------------------------------------

    @cached_property
    def messages(self) -> pd.DataFrame:
        """One row a message, in the order in which their fates were known."""
        return self._table("messages")

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """One row per evaluation of one agent."""
        return self._table("evaluations")

    @cached_property
    def compute(self) -> pd.DataFrame:
        """One row per computation that held a device."""
        return self._table("compute")

    @cached_property
    def agents(self) -> pd.DataFrame:
        """One row an agent, with its totals."""
        return self._table("agents")

    @cached_property
    def population(self) -> pd.DataFrame:
        """One row per evaluation of all agents."""
        return self._table("population")

    @cached_property
    def presence(self) -> pd.DataFrame:
        """One row per coming or going of an agent."""
        return self._table("presence")

    @cached_property
    def topology(self) -> dict[str, Any] | None:
        """The graph: ``nodes`` (names), ``edges`` (pairs of numbers), ``positions`` or None.

        None where the run did not keep it (very large graphs).
        """
        path = self.path / "topology.json"
        if not os.path.lexists(path) and path.name not in self.manifest.get(FILES, ()):
            return None
        check(self.path, path.name, self.manifest)
        found: dict[str, Any] = read_json(path, ResultError)
        return found

    # -- what is known of the run ------------------------------------------------------------------

    @property
    def status(self) -> str:
        """``done``, ``interrupted``, ``pruned`` or ``failed``."""
        return str(self.manifest["status"])

    @property
    def name(self) -> str:
        """The scenario's name."""
        return str(self.manifest.get("name", self.path.name))

    @property
    def seed(self) -> int | None:
        """The scenario's seed."""
        return self.manifest.get("seed")

    @property
    def summary(self) -> dict[str, Any]:
        """The totals (`p2pkd.record.counters`) and the fingerprint; None for unknown numbers."""
        summary: dict[str, Any] = self.manifest["summary"]
        return summary

    @property
    def scenario_text(self) -> str:
        """The scenario as it was given."""
        return self._text("scenario.yaml")

    @property
    def resolved_text(self) -> str:
        """The scenario with every default written out."""
        return self._text("resolved.yaml")

    def _text(self, name: str) -> str:
        check(self.path, name, self.manifest)
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except OSError as error:
            raise ResultError(f"{self.path / name}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ResultError(f"{self.path / name}: is not UTF-8: {error.reason}") from None

    def _table(self, name: str) -> pd.DataFrame:
        from p2pkd.analysis.io.tables import read_table

        file = f"{name}.parquet"
        check(self.path, file, self.manifest)
        return read_table(self.path / file)
