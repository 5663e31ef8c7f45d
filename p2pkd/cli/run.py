"""`p2pkd run`: a scenario in, a run directory and a summary out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from p2pkd.cli.app import JsonOption, ScenarioArgument, SeedOption, SetOption, app, example


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
    as_json: JsonOption = False,
) -> None:
    """Run a scenario; write its records and report; print a summary.

    Ctrl-C stops it: what happened until then is kept, with the status "interrupted", and the
    exit code is 130.
    """
    from p2pkd.cli.execute import execute
    from p2pkd.cli.summary import summary_lines, warnings
    from p2pkd.scenario.load import load_scenario

    loaded = load_scenario(scenario, set_, seed)
    path = execute(loaded, out=out, dry_run=dry_run)
    manifest = read_manifest(path)
    if as_json:
        typer.echo(json.dumps({**manifest["summary"], "directory": str(path)}, indent=2))
    else:
        for line in summary_lines(manifest):
            typer.echo(line)
        typer.echo(f"\nrun     {shown(path)}")
    teacher = str(getattr(loaded.scenario.method.learn, "teacher", "peers"))
    for warning in warnings(manifest["summary"], teacher, dry_run=dry_run):
        loud = warning.startswith("WARNING")
        typer.secho(warning, err=True, bold=loud, fg="red" if loud else None)


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a finished run."""
    values: dict[str, Any] = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    return values


def shown(path: Path) -> str:
    """Return *path* as a user would type it from where they are."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
