"""A finished run with all that can be asked of it: its data, what to doubt, costs and figures."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from p2pkd.analysis.io.run_data import RunData
from p2pkd.analysis.measures.troubles import troubles
from p2pkd.core.scores import short
from p2pkd.core.seal import FILES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from p2pkd.report.replay import Replay


class Result(RunData):
    """One run: the data of `RunData`, and as methods what `measures` and `figures` make of it."""

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

        See `p2pkd.analysis.measures.communication.costs_over_time`.
        """
        from p2pkd.analysis.measures.communication import costs_over_time

        return costs_over_time(self)

    def by_group(self, what: str) -> pd.DataFrame:
        """Return final accuracy by ``view`` (domain or modality) or ``task``.

        See `p2pkd.analysis.measures.communication.by_group`.
        """
        from p2pkd.analysis.measures.communication import by_group

        return by_group(self, what)

    def plot_accuracy(self, ax: Axes | None = None) -> Axes:
        """Draw accuracy over simulated time: mean, spread, and device groups."""
        from p2pkd.analysis.figures.curves import plot_accuracy

        return plot_accuracy(self, ax)

    def plot_accuracy_over_bytes(self, ax: Axes | None = None) -> Axes:
        """Draw accuracy over the bytes that all agents together had put on the wire."""
        from p2pkd.analysis.figures.curves import plot_accuracy_over_bytes

        return plot_accuracy_over_bytes(self, ax)

    def plot_disagreement(self, ax: Axes | None = None) -> Axes:
        """Draw how much agents differ, and how much their ensemble is ahead of them."""
        from p2pkd.analysis.figures.curves import plot_disagreement

        return plot_disagreement(self, ax)

    def plot_devices(self, ax: Axes | None = None) -> Axes:
        """Draw every agent's final accuracy, by kind of device."""
        from p2pkd.analysis.figures.devices import plot_devices

        return plot_devices(self, ax)

    def plot_topology(self, ax: Axes | None = None) -> Axes:
        """Draw the graph, nodes coloured by final accuracy."""
        from p2pkd.analysis.figures.network import plot_topology

        return plot_topology(self, ax)

    def plot_traffic(self, ax: Axes | None = None) -> Axes:
        """Draw who sent how many bytes to whom."""
        from p2pkd.analysis.figures.network import plot_traffic

        return plot_traffic(self, ax)

    def plot_timeline(
        self,
        ax: Axes | None = None,
        *,
        between: tuple[float, float] | None = None,
        agents: Sequence[int] | None = None,
    ) -> Axes:
        """Draw what each agent was doing: computing, sending, idle, offline."""
        from p2pkd.analysis.figures.timeline import plot_timeline

        return plot_timeline(self, ax, between=between, agents=agents)

    def replay(self, path: str | Path | None = None) -> Replay:
        """Return the run as a page that plays it, which notebooks show; write it to *path*."""
        from p2pkd.report.replay import Replay, replay_html, write_replay

        if path is None:
            return Replay(replay_html(self))
        return Replay(write_replay(self, path).read_text(encoding="utf-8"))

    def __repr__(self) -> str:
        return f"Result({str(self.path)!r}, {self.status}, {_percent(self.summary)})"

    def _repr_html_(self) -> str:
        from p2pkd.analysis.measures.headline import headline

        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(what)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for what, value in headline(self)
        )
        notes = "".join(f"<p><b>{html.escape(warning)}</b></p>" for warning in self.warnings)
        return (
            f"<p><b>{html.escape(self.name)}</b>, seed {self.seed}</p>{notes}<table>{rows}</table>"
        )


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
