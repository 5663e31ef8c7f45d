"""The report: everything about a run in one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from p2pkd.analysis.measures.headline import headline
from p2pkd.analysis.result import Result
from p2pkd.core.files import write_text
from p2pkd.report import tables
from p2pkd.report.figures import figures, overlaid
from p2pkd.report.resource_table import resource_table


def write_report(run_dir: str | Path | Result) -> Path:
    """Write ``report.html`` into *run_dir* and return its path.

    The page carries styles and figures in itself; it links to nothing.  Raise ResultError if
    *run_dir* is not a finished run.
    """
    result = run_dir if isinstance(run_dir, Result) else Result.from_dir(run_dir)
    path = result.path / "report.html"
    write_text(path, report_html(result))
    return path


def compare_report(results: Sequence[Result], path: str | Path = "comparison.html") -> Path:
    """Write one page that sets *results* side by side to *path*; return it."""
    path = Path(path)
    write_text(path, comparison_html(results))
    return path


def report_html(result: Result) -> str:
    """Return the page of one run."""
    groups = [
        tables.communication_table(result),
        tables.device_table(result),
        resource_table(result),
        *tables.group_tables(result),
        tables.break_even_table(result),
    ]
    return _render(
        "report.html.j2",
        title=result.name,
        description=result.manifest.get("description") or "",
        subtitle=_subtitle(result),
        replay="replay.html" if (result.path / "replay.html").is_file() else None,
        warnings=result.warnings,
        notes=result.notes,
        headline=headline(result),
        pictures=list(figures(result)),
        tables=[table for table in groups if table is not None and table.rows],
        agents=tables.agent_table(result),
        provenance=tables.provenance_table(result),
        scenario=result.scenario_text,
        resolved=result.resolved_text,
    )


def comparison_html(results: Sequence[Result]) -> str:
    """Return the page that sets several runs side by side."""
    warnings = [f"{result.name}: {text}" for result in results for text in result.warnings]
    return _render(
        "comparison.html.j2",
        title=" · ".join(dict.fromkeys(result.name for result in results)),
        description="",
        subtitle=f"{len(results)} runs",
        warnings=warnings,
        notes=[f"{result.name}: {text}" for result in results for text in result.notes],
        pictures=list(overlaid(results)),
        tables=[tables.comparison_table(results)],
    )


def _subtitle(result: Result) -> str:
    manifest = result.manifest
    fingerprint = str(result.summary.get("fingerprint") or "")[:12]
    agents = result.summary.get("agents")
    return (
        f"{agents} agents · seed {result.seed} · {manifest.get('ended_utc', '')} · "
        f"p2pkd {manifest.get('versions', {}).get('p2pkd', '')} · fingerprint {fingerprint}…"
    )


def _render(template: str, **values: Any) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("p2pkd.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)
