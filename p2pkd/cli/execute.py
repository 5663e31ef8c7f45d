"""Running scenarios for a command, with progress on stderr."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from p2pkd.cli.progress import Progress
from p2pkd.cli.streams import echo
from p2pkd.core.errors import Interrupted, Problem, ResultError, ScenarioError

if TYPE_CHECKING:
    from p2pkd.analysis.result import Result
    from p2pkd.scenario.load import Loaded


def execute(loaded: Loaded, *, out: Path | None = None, dry_run: bool = False) -> Result:
    """Run *loaded* and return its result.

    Raise Interrupted, naming the directory with what was recorded until then, upon Ctrl-C.
    """
    from p2pkd.analysis.result import Result
    from p2pkd.learning.compute.memory import keep_freed_memory
    from p2pkd.record.directory import default_path
    from p2pkd.run import run
    from p2pkd.scenario.resolve import to_yaml

    keep_freed_memory()
    path = out or default_path(loaded.scenario.name, to_yaml(loaded.scenario), dry_run=dry_run)
    try:
        with Progress(
            loaded.scenario.duration, score=loaded.scenario.evaluate.score or "agents"
        ) as progress:
            path = run(loaded, out=path, dry_run=dry_run, observers=[progress])
    except (Interrupted, KeyboardInterrupt) as error:
        kept = f"; what was recorded is in {path}" if (path / "manifest.json").exists() else ""
        raise Interrupted(f"{str(error) or 'interrupted'}{kept}") from None
    return Result.from_dir(path)


def dry_run_of(result: Result) -> Result:
    """Run the scenario of *result* without learning; return what came out, without its records.

    Paths in the scenario count from the working directory.
    """
    from p2pkd.run import simulate
    from p2pkd.scenario.yaml import parse

    problems: list[Problem] = []
    scenario = parse(result.resolved_text, str(result.path / "resolved.yaml"), problems).plain()
    if problems:
        raise ScenarioError(problems)
    with TemporaryDirectory() as folder:
        return simulate(scenario, out=Path(folder) / "dry", dry_run=True)


def results_of(sources: Sequence[Path], overrides: Sequence[str] = ()) -> Iterator[Result]:
    """Yield the result of each source: a run directory, or a scenario file.

    A scenario is run, with *overrides*, unless ``runs/`` has a complete run of exactly it.
    """
    from p2pkd.analysis.result import Result
    from p2pkd.scenario.load import load_scenario

    missing = [source for source in sources if not source.exists()]
    if missing:  # told before the others take their time
        raise ResultError(f"{missing[0]}: neither a run directory nor a scenario file")
    for source in sources:
        if source.is_dir():
            yield Result.from_dir(source)
            continue
        loaded = load_scenario(source, overrides)
        known = _finished_run(loaded)
        echo(f"{source}: {'has run, ' + shown(known.path) if known else 'runs'}", err=True)
        yield known or execute(loaded)


def _finished_run(loaded: Loaded, root: Path = Path("runs")) -> Result | None:
    """Return the newest complete run of exactly this scenario, if there is one."""
    from p2pkd.analysis.result import Result
    from p2pkd.scenario.resolve import to_yaml

    resolved = to_yaml(loaded.scenario)
    for path in sorted((root / loaded.scenario.name).glob("*-*"), reverse=True):
        try:
            result = Result.from_dir(path)
            whole = result.status == "done" and not result.manifest.get("dry_run")
            if whole and result.resolved_text == resolved:
                return result
        except ResultError:
            continue
    return None


def shown(path: Path) -> str:
    """Return *path* as a user would type it from where they are."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
