"""`p2pkd run`: a scenario in, a run directory and a summary out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from p2pkd.cli.app import JsonOption, ScenarioArgument, SeedOption, SetOption, app, example
from p2pkd.cli.streams import echo


@app.command(
    epilog=example(
        "p2pkd run scenarios/quickstart.yaml",
        "p2pkd run scenarios/quickstart.yaml --set topology=ring --seed 3 --out runs/ring",
    )
)
def run(
    scenario: ScenarioArgument,
    set_: SetOption = [],  # noqa: B006
    seed: SeedOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Default: runs/<name>/<utc>-<hash8>/."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Bytes, seconds and joules, without learning.")
    ] = False,
    report: Annotated[bool, typer.Option(help="Write report.html into the directory.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Run a scenario; write its records and report; print a summary.

    Ctrl-C stops it: what happened until then is kept, with the status "interrupted", and the
    exit code is 130.  So does SIGTERM, with 143.
    """
    from p2pkd.cli.execute import execute, shown
    from p2pkd.cli.summary import print_summary, print_warnings
    from p2pkd.scenario.load import load_scenario

    loaded = load_scenario(scenario, set_, seed)
    result = execute(loaded, out=out, dry_run=dry_run)
    files = [("Run directory", shown(result.path))]
    if report:
        from p2pkd.report import write_report

        files.append(("Report", shown(write_report(result))))
    try:
        if as_json:
            echo(json.dumps({**result.summary, "directory": str(result.path)}, indent=2))
        else:
            print_summary(result, files)
    except OSError:
        echo(f"{shown(result.path)}: is complete, and cannot be told of:", err=True)
        raise
    print_warnings(result)
