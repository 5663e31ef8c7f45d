"""Running a scenario for a command, with progress on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from p2pkd.cli.progress import Progress
from p2pkd.core.errors import Interrupted

if TYPE_CHECKING:
    from p2pkd.scenario.load import Loaded


def execute(loaded: Loaded, *, out: Path | None = None, dry_run: bool = False) -> Path:
    """Run *loaded* and return its run directory.

    Raise Interrupted, naming the directory with what was recorded until then, upon Ctrl-C.
    """
    from p2pkd.record.directory import default_path
    from p2pkd.run import run
    from p2pkd.scenario.resolve import to_yaml

    path = out or default_path(loaded.scenario.name, to_yaml(loaded.scenario))
    try:
        with Progress(loaded.scenario.duration) as progress:
            return run(loaded, out=path, dry_run=dry_run, observers=[progress])
    except (Interrupted, KeyboardInterrupt) as error:
        kept = f"; what was recorded is in {path}" if (path / "manifest.json").exists() else ""
        raise Interrupted(f"{str(error) or 'interrupted'}{kept}") from None
