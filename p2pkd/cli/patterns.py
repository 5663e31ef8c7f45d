"""What a shell makes of ``runs/STUDY/*``: runs, and what else lies beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer


def run_folders(paths: Sequence[Path]) -> list[Path]:
    """Return *paths* without the files in a study's folder and the runs that it was tuned on.

    What is left out is told; a path that is alone was meant, and is kept.  Files that lie elsewhere
    are scenarios or studies that were named, and are for the caller to judge.
    """
    kept = [path for path in paths if len(paths) == 1 or not _beside(path)]
    left = [path.name for path in paths if path not in kept]
    if left and kept:
        typer.echo(f"left out, as no runs: {', '.join(left)}", err=True)
    return kept or list(paths)


def _beside(path: Path) -> bool:
    from p2pkd.analysis.io.run_set import TUNING

    swept = any((path.parent / name).is_file() for name in ("table.parquet", "errors.json"))
    return (path.is_file() and swept) or path.name == TUNING
