"""`p2pkd export`: tables and curves of runs for other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from p2pkd.cli.app import app, example
from p2pkd.cli.patterns import run_folders
from p2pkd.cli.streams import echo
from p2pkd.core.errors import InputError, ResultError, suggestion

if TYPE_CHECKING:
    import pandas as pd

    from p2pkd.analysis.results import Results

FORMATS = ("csv", "latex", "tensorboard")
ACCURACY = "final_accuracy_mean"


@app.command(
    epilog=example(
        "p2pkd export runs/topology --table groups --to latex --out topology.tex",
        "p2pkd export runs/topology --metric wire_bytes --table groups --to csv",
        "p2pkd export runs/methods --table groups --at '1 MB' --at final --against isolated",
        "p2pkd export runs/quickstart/20260101T120000Z-0123abcd --table curves",
        "p2pkd export runs/topology --to tensorboard --out logs && tensorboard --logdir logs",
    )
)
def export(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN", help="Run directories, a study's folder or a study file."),
    ],
    table: Annotated[
        str,
        typer.Option(
            metavar="TABLE",
            help="runs, groups, ranking, trials, curves, resources, links or influence.",
        ),
    ] = "runs",
    to: Annotated[
        str, typer.Option("--to", metavar="FORMAT", help="csv, latex or tensorboard.")
    ] = "csv",
    metric: Annotated[
        str, typer.Option(metavar="COLUMN", help="For groups: of which number.")
    ] = ACCURACY,
    at: Annotated[
        list[str],
        typer.Option(
            metavar="BUDGET",
            help="For groups and ranking: at '1 MB', '10 min', '2 kJ', '3300 steps' or final.",
        ),
    ] = [],  # noqa: B006
    against: Annotated[
        str | None,
        typer.Option(
            metavar="SETTING", help="For groups: differences to a setting, to the best, or all."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="A file, a folder for TensorBoard; or stdout."),
    ] = None,
) -> None:
    """Write a table, or TensorBoard's event files.

    runs: a row a run.  groups: a metric's mean and 95 % interval over seeds, a row a setting; with
    --at or --against accuracy at equal cost, and paired differences with corrected p-values.
    ranking: how the order of settings holds in the draws of a study with 'perturb:'.
    trials: a row per trial of a search.  curves: accuracy and what was spent, a row per
    evaluation.  resources: idle time, waiting, utilisation, time online and staleness, a row per
    run and agent.  links: bytes between pairs.  influence: what the others lose without an agent.
    """
    from p2pkd.analysis.results import Results

    if to not in FORMATS:
        raise InputError(f"--to: no format {to!r}{suggestion(to, FORMATS)}")
    asked = _asked(table, to, metric, at, against)
    results = Results.open([_folder(run) for run in run_folders(runs)])
    if to == "tensorboard":
        _write_tensorboard(results, out)
        return
    if asked:
        _write(_equal_cost(results, at, against, to), out)
        return
    _write(_text(_table(results, table, metric, at), to), out)


def _asked(table: str, to: str, metric: str, at: list[str], against: str | None) -> bool:
    """Tell whether accuracy at equal cost is wanted; raise InputError where it is not to be had."""
    if table == "ranking" and against is None:
        if metric != ACCURACY:
            raise InputError(f"--metric: ranks are of accuracy; leave out {metric!r}")
        return False
    if not at and against is None:
        return False
    if table != "groups" or to == "tensorboard":
        raise InputError(
            "--at and --against: are for --table groups, as csv or latex; --at for ranking too"
        )
    if metric != ACCURACY:
        raise InputError(f"--metric: accuracy is what --at compares; leave out {metric!r}")
    from p2pkd.analysis.measures.equal_cost import parse_budgets

    parse_budgets(at)
    return True


def _equal_cost(results: Results, at: list[str], against: str | None, to: str) -> str:
    from p2pkd.analysis.io.tables import csv_text
    from p2pkd.analysis.measures.equal_cost_latex import equal_cost_latex

    frame = results.at(*at, against=against)
    _warn_of_early(frame)
    return equal_cost_latex(frame) if to == "latex" else csv_text(frame, index=False)


def _warn_of_early(frame: pd.DataFrame) -> None:
    from p2pkd.analysis.measures.equal_cost import early_notes

    for note in early_notes(frame):
        echo(f"WARNING: {note}.", err=True, fg="red")


def _folder(path: Path) -> Path:
    """Return where the runs of *path* are: a study file stands for ``runs/<study's name>``."""
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        return path
    from p2pkd.study.load import load_study

    return Path("runs") / load_study(path).name


def _table(results: Results, name: str, metric: str, at: list[str]) -> pd.DataFrame:
    from p2pkd.analysis.measures import long_tables
    from p2pkd.analysis.measures.influence import influence
    from p2pkd.analysis.measures.ranking import ranking

    tables: dict[str, Callable[[], pd.DataFrame]] = {
        "runs": lambda: results.frame,
        "groups": lambda: _groups(results, metric),
        "ranking": lambda: ranking(results, at),
        "trials": lambda: _trials(results),
        "curves": lambda: long_tables.curves(results),
        "resources": lambda: long_tables.resources(results),
        "links": lambda: long_tables.links(results),
        "influence": lambda: influence(results),
    }
    if name not in tables:
        raise InputError(f"--table: no table {name!r}{suggestion(name, tables)}")
    if name == "ranking" and at:
        _warn_of_early(results.at(*at))
    return tables[name]()


def _groups(results: Results, metric: str) -> pd.DataFrame:
    """Return *metric* by setting; beside an accuracy of what methods deliver, its score."""
    from p2pkd.core.scores import short

    keys = results.varied or ["name"]
    table = results.group(keys, metric).reset_index()
    if metric.startswith(("final_accuracy", "final_own")):
        words = results.assign(_score=[short(run.summary) for run in results]).frame
        scores = words.groupby(keys, sort=False, dropna=False)["_score"].unique()
        table.insert(len(keys), "score", [" and ".join(each) for each in scores])
    return table


def _trials(results: Results) -> pd.DataFrame:
    from p2pkd.analysis.io.tables import read_table
    from p2pkd.analysis.measures.trials import trial_table

    folder = results.runs[0].path.parent
    frame = read_table(folder / "table.parquet")
    if "trial" not in frame:
        raise ResultError(f"{folder}: is no search; it has no trials")
    return trial_table(frame)


def _text(frame: pd.DataFrame, to: str) -> str:
    from p2pkd.analysis.io.latex import to_latex
    from p2pkd.analysis.io.tables import csv_text

    if to == "csv":
        return csv_text(frame, index=False)
    first, *_ = frame.columns
    return to_latex(frame.set_index(first))


def _write(text: str, out: Path | None) -> None:
    if out is None:
        echo(text, nl=False)
        return
    from p2pkd.core.files import write_text

    write_text(out, text)


def _write_tensorboard(results: Results, out: Path | None) -> None:
    from p2pkd.analysis.measures.compare import labels
    from p2pkd.report.tensorboard import write_tensorboard

    if out is None:
        raise InputError("--to tensorboard: needs a folder to write to; give --out DIR")
    names = labels(results.runs)
    for run, name in zip(results, names, strict=True):
        folder = out if len(results) == 1 else out / name.replace("/", "-")
        echo(str(write_tensorboard(run, folder)))
