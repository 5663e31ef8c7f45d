"""Commands that look at finished runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from p2pkd.cli.app import SetOption, app, example

if TYPE_CHECKING:
    from p2pkd.analysis.result import Result


@app.command(
    epilog=example(
        "p2pkd compare scenarios/quickstart.yaml scenarios/isolated.yaml --plot curves.svg",
        "p2pkd compare runs/quickstart/* runs/isolated/*",
    )
)
def compare(
    sources: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run directories or scenario files.")
    ],
    set_: SetOption = [],  # noqa: B006
    plot: Annotated[
        Path,
        typer.Option("--plot", metavar="FILE", help="Where to draw the curves (svg, pdf, png)."),
    ] = Path("comparison.svg"),
    csv: Annotated[bool, typer.Option("--csv", help="Print the whole table, as CSV.")] = False,
) -> None:
    """Compare runs: a table on stdout, accuracy curves over time and bytes in a figure.

    Scenario files that have not run yet are run first.
    """
    from p2pkd.analysis.compare import compare as table_of
    from p2pkd.cli.execute import results_of, shown

    results = list(results_of(sources, set_))
    table = table_of(results)
    typer.echo(table.to_csv() if csv else _text(table.T.to_string()), nl=False)
    _draw(results, plot)
    typer.echo(f"curves: {shown(plot)}", err=True)


def _text(table: str) -> str:
    return table + "\n"


def _draw(results: list[Result], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from p2pkd.analysis.curves import plot_accuracy, plot_accuracy_over_bytes

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
    plot_accuracy(results, left)
    plot_accuracy_over_bytes(results, right)
    figure.savefig(path)
    plt.close(figure)
