"""Commands that look at finished runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from p2pkd.cli.app import SetOption, app, example
from p2pkd.cli.patterns import run_folders
from p2pkd.cli.streams import echo
from p2pkd.core.errors import InputError, ResultError

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")]


@app.command(
    epilog=example(
        "p2pkd report runs/quickstart/20260101T120000Z-0123abcd",
        "p2pkd report runs/topology",
        "p2pkd report scenarios/studies/topology.yaml",
        "p2pkd report runs/methods --at '1 MB' --at '10 min' --against isolated",
    )
)
def report(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="A run directory, a study's folder or a study file."),
    ],
    at: Annotated[
        list[str],
        typer.Option(
            metavar="BUDGET",
            help="Of a study: compare at '1 MB', '10 min', '2 kJ', '3300 steps' or final.",
        ),
    ] = [],  # noqa: B006
    against: Annotated[
        str | None,
        typer.Option(metavar="SETTING", help="Of a study: with a setting, the best, or all."),
    ] = None,
) -> None:
    """Write report.html, one self-contained page, into a run directory or a study's folder.

    A study's page has means and bands over seeds, the front of accuracy for bytes, who pays, and
    what failed; and what its seeds can tell: differences, the smallest that would show, the seeds
    that the observed ones would need.  A study file stands for its folder, runs/<study's name>/.
    """
    from p2pkd.cli.execute import shown
    from p2pkd.report import is_study, write_report, write_study_report

    if run.is_file():
        from p2pkd.study.load import load_study

        run = Path("runs") / load_study(run).name
    if is_study(run):
        echo(shown(write_study_report(run, at, against)))
        return
    if at or against is not None:
        raise InputError(f"{run}: --at and --against compare the settings of a study; it is a run")
    echo(shown(write_report(run)))


@app.command(
    epilog=example(
        "p2pkd trace runs/quickstart/20260101T120000Z-0123abcd",
        "p2pkd trace runs/quickstart/20260101T120000Z-0123abcd --out trace.json",
    )
)
def trace(
    run: RunArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Default: trace.json in the run directory."),
    ] = None,
) -> None:
    """Write a trace that ui.perfetto.dev opens: agents as tracks, messages as flows."""
    from p2pkd.cli.execute import shown
    from p2pkd.report import write_trace

    _check_place(out)
    echo(shown(write_trace(run, out)))


@app.command(
    epilog=example(
        "p2pkd replay runs/quickstart/20260101T120000Z-0123abcd",
        "p2pkd replay runs/quickstart/20260101T120000Z-0123abcd --out replay.html",
    )
)
def replay(
    run: RunArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Default: replay.html in the run directory."),
    ] = None,
) -> None:
    """Write a page that plays the run: messages on their way, agents by accuracy; no network."""
    from p2pkd.cli.execute import shown
    from p2pkd.report import write_replay

    _check_place(out)
    echo(shown(write_replay(run, out)))


@app.command(
    epilog=example(
        "p2pkd compare scenarios/quickstart.yaml scenarios/isolated.yaml",
        "p2pkd compare runs/quickstart/* scenarios/ring.yaml --out ring.html",
    )
)
def compare(
    sources: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run directories or scenario files.")
    ],
    set_: SetOption = [],  # noqa: B006
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The page with table and curves.")
    ] = Path("comparison.html"),
    csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV, unrounded.")] = False,
) -> None:
    """Compare runs: a table here, and a page with accuracy curves over time and bytes.

    Scenario files that have not run yet, as they are, are run first.
    """
    from p2pkd.analysis.io.tables import csv_text
    from p2pkd.analysis.measures.compare import compare as frame_of
    from p2pkd.cli.execute import results_of, shown
    from p2pkd.report import compare_report
    from p2pkd.report.tables import comparison_table

    _check_place(out)
    results = list(results_of(run_folders(sources), set_))
    if csv:
        echo(csv_text(frame_of(results)), nl=False)
    else:
        table = comparison_table(results)
        _print_table(table.head, table.rows)
    echo(f"page: {shown(compare_report(results, out))}", err=True)


def _check_place(file: Path | None) -> None:
    """Raise ResultError, before anything runs, where *file* cannot be written."""
    if file is None:
        return
    folder = file.absolute().parent
    if file.is_dir():
        raise ResultError(f"{file}: is a directory; --out takes the name of a file")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        wrong = "cannot be written to" if folder.is_dir() else "does not exist"
        raise ResultError(f"{file}: cannot be written, as {folder} {wrong}")


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, the first column to the left and the others to the right."""
    lines = [columns, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for first, *rest in lines:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        echo("  ".join([first.ljust(widths[0]), *cells]).rstrip())
