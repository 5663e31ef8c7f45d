"""`p2pkd export`: tables and curves of runs for other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from p2pkd.cli.app import app, example
from p2pkd.core.errors import InputError, ResultError, suggestion

if TYPE_CHECKING:
    import pandas as pd

    from p2pkd.analysis.results import Results

FORMATS = ("csv", "latex", "tensorboard")


@app.command(
    epilog=example(
        "p2pkd export runs/topology --table groups --to latex --out topology.tex",
        "p2pkd export runs/topology --metric wire_bytes --table groups --to csv",
        "p2pkd export runs/quickstart/20260101T120000Z-0123abcd --table curves",
        "p2pkd export runs/topology --to tensorboard --out logs && tensorboard --logdir logs",
    )
)
def export(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run directories, or a study's folder.")
    ],
    table: Annotated[
        str,
        typer.Option(
            metavar="TABLE", help="runs, groups, trials, curves, resources, links or influence."
        ),
    ] = "runs",
    to: Annotated[
        str, typer.Option("--to", metavar="FORMAT", help="csv, latex or tensorboard.")
    ] = "csv",
    metric: Annotated[
        str, typer.Option(metavar="COLUMN", help="For groups: of which number.")
    ] = "final_accuracy_mean",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="A file, a folder for TensorBoard; or stdout."),
    ] = None,
) -> None:
    """Write a table, or TensorBoard's event files.

    runs: a row a run.  groups: a metric's mean and 95 % interval over seeds, a row a setting.
    trials: a row per trial of a search.  curves: accuracy and what was spent, a row per
    evaluation.  resources: idle time, waiting, utilisation, time online and staleness, a row per
    run and agent.  links: bytes between pairs.  influence: what the others lose without an agent.
    """
    from p2pkd.analysis.results import Results

    if to not in FORMATS:
        raise InputError(f"--to: no format {to!r}{suggestion(to, FORMATS)}")
    results = Results.open(runs)
    if to == "tensorboard":
        _write_tensorboard(results, out)
        return
    _write(_text(_table(results, table, metric), to), out)


def _table(results: Results, name: str, metric: str) -> pd.DataFrame:
    from p2pkd.analysis import long_tables
    from p2pkd.analysis.influence import influence

    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "runs": lambda: results.frame,
        "groups": lambda: results.group(results.varied or ["name"], metric).reset_index(),
        "trials": lambda: _trials(results),
        "curves": lambda: long_tables.curves(results),
        "resources": lambda: long_tables.resources(results),
        "links": lambda: long_tables.links(results),
        "influence": lambda: influence(results),
    }
    if name not in tables:
        raise InputError(f"--table: no table {name!r}{suggestion(name, tables)}")
    return tables[name]()


def _trials(results: Results) -> pd.DataFrame:
    from p2pkd.analysis.tables import read_table
    from p2pkd.analysis.trials import trial_table

    folder = results.runs[0].path.parent
    frame = read_table(folder / "table.parquet")
    if "trial" not in frame:
        raise ResultError(f"{folder}: is no search; it has no trials")
    return trial_table(frame)


def _text(frame: pd.DataFrame, to: str) -> str:
    from p2pkd.analysis.results import to_latex

    if to == "csv":
        return frame.to_csv(index=False)
    first, *_ = frame.columns
    return to_latex(frame.set_index(first))


def _write(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResultError(f"{out}: cannot be written: {error.strerror}") from None


def _write_tensorboard(results: Results, out: Path | None) -> None:
    from p2pkd.analysis.compare import labels
    from p2pkd.report.tensorboard import write_tensorboard

    if out is None:
        raise InputError("--to tensorboard: needs a folder to write to; give --out DIR")
    names = labels(results.runs)
    for run, name in zip(results, names, strict=True):
        folder = out if len(results) == 1 else out / name.replace("/", "-")
        typer.echo(str(write_tensorboard(run, folder)))
