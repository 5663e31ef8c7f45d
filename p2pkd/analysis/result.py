"""A finished run, read from its directory: tables as data frames, figures as methods."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from p2pkd.analysis.troubles import troubles
from p2pkd.core.errors import ResultError
from p2pkd.core.plain_json import read_json
from p2pkd.core.scores import short
from p2pkd.core.seal import FILES, check, read_manifest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class Result:
    """One run.

    The tables ``messages``, ``evaluations``, ``compute``, ``agents``, ``population`` and
    ``presence`` are pandas frames with one row per record of `p2pkd.core.records` and the record's
    fields as columns; each is read when first asked for.
    """

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def from_dir(cls, path: str | Path) -> Result:
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

    @property
    def warnings(self) -> list[str]:
        """What a reader must know before believing any number of this run."""
        return list(_warnings(self))

    @property
    def notes(self) -> list[str]:
        """What else a reader should know: that the run is a control, for one."""
        departures = self.manifest.get("departures", ())
        unsealed = FILES not in self.manifest
        notes = [f"Departs from the preset: {text}." for text in departures]
        if unsealed:
            notes.append("Of an older version: that its files are as they were cannot be checked.")
        notes += [f"{text}." for text in self.manifest.get("remarks", ())]
        untested = self.manifest.get("classes_without_test_rows")
        if untested:
            classes = ", ".join(map(str, untested))
            notes.append(f"Accuracies on one's own leave out classes without test rows: {classes}.")
        if _is_control(self) and not self.summary.get("distilled"):
            notes.append("A control: by design, no agent learned anything from another.")
        return notes

    # -- costs and figures; see the functions of the same names ------------------------------------

    def accuracy_over_bytes(self) -> pd.DataFrame:
        """Return accuracy and what had been spent at each evaluation.

        See `p2pkd.analysis.communication.costs_over_time`.
        """
        from p2pkd.analysis.communication import costs_over_time

        return costs_over_time(self)

    def by_group(self, what: str) -> pd.DataFrame:
        """Return final accuracy by ``view`` (domain or modality) or ``task``.

        See `p2pkd.analysis.communication.by_group`.
        """
        from p2pkd.analysis.communication import by_group

        return by_group(self, what)

    def plot_accuracy(self, ax: Axes | None = None) -> Axes:
        """Draw accuracy over simulated time: mean, spread, and device groups."""
        from p2pkd.analysis.curves import plot_accuracy

        return plot_accuracy(self, ax)

    def plot_accuracy_over_bytes(self, ax: Axes | None = None) -> Axes:
        """Draw accuracy over the bytes that all agents together had put on the wire."""
        from p2pkd.analysis.curves import plot_accuracy_over_bytes

        return plot_accuracy_over_bytes(self, ax)

    def plot_disagreement(self, ax: Axes | None = None) -> Axes:
        """Draw how much agents differ, and how much their ensemble is ahead of them."""
        from p2pkd.analysis.curves import plot_disagreement

        return plot_disagreement(self, ax)

    def plot_devices(self, ax: Axes | None = None) -> Axes:
        """Draw every agent's final accuracy, by kind of device."""
        from p2pkd.analysis.groups import plot_devices

        return plot_devices(self, ax)

    def plot_topology(self, ax: Axes | None = None) -> Axes:
        """Draw the graph, nodes coloured by final accuracy."""
        from p2pkd.analysis.network import plot_topology

        return plot_topology(self, ax)

    def plot_traffic(self, ax: Axes | None = None) -> Axes:
        """Draw who sent how many bytes to whom."""
        from p2pkd.analysis.network import plot_traffic

        return plot_traffic(self, ax)

    def plot_timeline(
        self,
        ax: Axes | None = None,
        *,
        between: tuple[float, float] | None = None,
        agents: Sequence[int] | None = None,
    ) -> Axes:
        """Draw what each agent was doing: computing, sending, idle, offline."""
        from p2pkd.analysis.timeline import plot_timeline

        return plot_timeline(self, ax, between=between, agents=agents)

    def __repr__(self) -> str:
        return f"Result({str(self.path)!r}, {self.status}, {_percent(self.summary)})"

    def _repr_html_(self) -> str:
        from p2pkd.analysis.headline import headline

        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(what)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for what, value in headline(self)
        )
        notes = "".join(f"<p><b>{html.escape(warning)}</b></p>" for warning in self.warnings)
        return (
            f"<p><b>{html.escape(self.name)}</b>, seed {self.seed}</p>{notes}<table>{rows}</table>"
        )

    def _text(self, name: str) -> str:
        check(self.path, name, self.manifest)
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except OSError as error:
            raise ResultError(f"{self.path / name}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ResultError(f"{self.path / name}: is not UTF-8: {error.reason}") from None

    def _table(self, name: str) -> pd.DataFrame:
        from p2pkd.analysis.tables import read_table

        file = f"{name}.parquet"
        check(self.path, file, self.manifest)
        return read_table(self.path / file)


def _warnings(result: Result) -> Any:
    if result.status == "interrupted":
        yield "This run was interrupted: its numbers stop at the time of the interruption."
    if result.status == "pruned":
        yield f"This run was pruned by a search: {result.manifest.get('error', '')}."
    if result.status == "failed":
        yield f"This run FAILED: {result.manifest.get('error', 'cause unknown')}."
    yield from troubles(result.summary)
    if result.manifest.get("dry_run"):
        yield "This was a dry run: the timeline alone, nothing was learned."
    elif not result.summary.get("distilled") and not _is_control(result):
        yield "This run never distilled: no agent learned anything from another."
    # What was planned and could not happen, or did not (`p2pkd.engine.shortfall`).
    yield from (f"{text}." for text in result.manifest.get("forewarnings", ()))
    yield from result.manifest.get("shortfalls", ())


def _is_control(result: Result) -> bool:
    return result.manifest.get("teacher") == "none"


def _percent(summary: dict[str, Any]) -> str:
    accuracy = summary.get("final_accuracy_mean")
    if accuracy is None:
        return (
            f"{summary['final_diverged']} diverged" if summary.get("final_diverged") else _UNKNOWN
        )
    return f"accuracy {accuracy:.1%} ({short(summary)})"


_UNKNOWN = "accuracy unknown"
