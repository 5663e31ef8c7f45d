"""`p2pkd cost`: what accuracy cost, over runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from p2pkd.cli.app import app, example
from p2pkd.cli.patterns import run_folders
from p2pkd.cli.streams import echo

if TYPE_CHECKING:
    import pandas as pd

    from p2pkd.analysis.result import Result


@app.command(
    epilog=example(
        "p2pkd cost runs/quickstart/* --target 80 --budget '1 MB'",
        "p2pkd cost runs/quickstart/20260101T120000Z-0123abcd",
        "p2pkd cost runs/quickstart/20260101T120000Z-0123abcd --estimate",
    )
)
def cost(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Run directories.")],
    target: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Accuracy in per cent: what did it take?"),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="SIZE", help="On the wire: what accuracy did it give?")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, unrounded.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print a LaTeX table.")] = False,
    estimate: Annotated[
        bool,
        typer.Option("--estimate", help="What a dry run foretells, beside what came out."),
    ] = False,
) -> None:
    """Bytes, seconds and joules for accuracy; who paid; what the bytes were.

    A star marks the runs that no other beats both in bytes and in accuracy.  With --estimate each
    run's scenario is run again without learning; paths in it count from the working directory.
    """
    from p2pkd.analysis.io.tables import csv_text
    from p2pkd.analysis.measures.cost import cost_table
    from p2pkd.analysis.result import Result

    results = [Result.from_dir(run) for run in run_folders(runs)]
    if estimate:
        _print_estimates(results, csv=csv, latex=latex)
        return
    share = None if target is None else target / 100
    table = cost_table(results, share, _bytes(budget))
    _warn_of_early(results, _bytes(budget))
    if csv:
        echo(csv_text(table), nl=False)
    elif latex:
        from p2pkd.analysis.io.latex import to_latex

        echo(to_latex(table), nl=False)
    else:
        _print(table)
        if len(results) == 1:
            _print_split(results[0])


def _print_estimates(results: Sequence[Result], *, csv: bool, latex: bool) -> None:
    import pandas as pd

    from p2pkd.analysis.io.latex import to_latex
    from p2pkd.analysis.io.tables import csv_text
    from p2pkd.analysis.measures.compare import labels
    from p2pkd.analysis.measures.cost import estimate_against_actual
    from p2pkd.cli.execute import dry_run_of
    from p2pkd.cli.results import _print_table

    found = [estimate_against_actual(dry_run_of(result), result) for result in results]
    table = pd.concat(found, keys=labels(results), names=["run", "number"]).reset_index()
    if csv:
        echo(csv_text(table, index=False), nl=False)
    elif latex:
        echo(to_latex(table.set_index("run")), nl=False)
    else:
        rows = [
            [str(run), str(key), f"{estimated:,.6g}", f"{actual:,.6g}", _percent(difference)]
            for run, key, estimated, actual, difference in table.itertuples(index=False)
        ]
        _print_table(["run", "number", "estimated", "actual", "difference"], rows)


def _percent(value: float) -> str:
    return "–" if value != value else f"{100 * value:+.2f} %"


def _warn_of_early(results: Sequence[Result], budget: float | None) -> None:
    """Tell on stderr which runs' accuracy at *budget* bytes is of hardly trained models."""
    from p2pkd.analysis.measures.budgets import Budget, accuracy_at
    from p2pkd.analysis.measures.compare import labels

    if budget is None:
        return
    found = Budget.of_bytes(budget)
    for label, result in zip(labels(results), results, strict=True):
        if accuracy_at(result, found).early:
            text = f"{label}: no evaluation is near {found.text}; accuracy at it is no answer"
            echo(f"WARNING: {text}", err=True, fg="red")


def _bytes(text: str | None) -> float | None:
    from p2pkd.core.errors import InputError
    from p2pkd.core.units import SIZE

    if text is None:
        return None
    try:
        return SIZE.parse(text)
    except ValueError as error:
        raise InputError(f"--budget: {error}") from None


def _print(table: pd.DataFrame) -> None:
    from p2pkd.analysis.io.readable import count, joules, percent, seconds, size, work
    from p2pkd.cli.results import _print_table

    shown: dict[str, Callable[[Any], str]] = {
        "score": str, "accuracy": percent,
        "wire_bytes": size, "simulated_s": seconds, "energy_j": joules,
        "gradient_steps": count, "flops": work,
        "bytes_to_target": size, "seconds_to_target": seconds, "joules_to_target": joules,
        "accuracy_at_budget": percent,
    }  # fmt: skip
    rows = [
        [
            f"{label}{' *' if row['pareto'] else ''}",
            *(shown.get(key, _number)(_known(row[key])) for key in table.columns[:-1]),
        ]
        for label, row in table.iterrows()
    ]
    _print_table(["run", *(str(name) for name in table.columns[:-1])], rows)


def _print_split(result: Result) -> None:
    from p2pkd.analysis.measures.communication import by_device
    from p2pkd.analysis.measures.resources import resources_by_device
    from p2pkd.cli.results import _print_table
    from p2pkd.report.study_tables import PAYING
    from p2pkd.report.tables import communication_table, table_of

    split = communication_table(result)
    echo("\nBytes on the wire, by what they were")
    _print_table(split.head, split.rows)
    echo("\nWho paid: means per agent")
    used = resources_by_device(result)[["waiting", "online", "staleness_s"]]
    paid = table_of("", "device", by_device(result).join(used).iterrows(), PAYING)
    _print_table(paid.head, paid.rows)


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else value


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
