"""From a study to the sweep that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from p2pkd.core.errors import RunError
from p2pkd.study.executors import executor
from p2pkd.study.load import Study, load_study
from p2pkd.study.search_sweep import SearchSweep
from p2pkd.study.sweep import Sweep, read_errors
from p2pkd.study.tuned_sweep import TunedSweep

if TYPE_CHECKING:
    from p2pkd.analysis.results import Results


def sweep_of(study: Study, folder: str | Path | None = None) -> Sweep:
    """Return the sweep, search or tuned sweep of *study* in *folder*, or in ``runs/<name>``."""
    folder = Path(folder) if folder is not None else Path("runs") / study.name
    kind: type[Sweep] = Sweep
    if study.search is not None:
        kind = SearchSweep
    elif study.tuning is not None:
        kind = TunedSweep
    return kind(study, folder, read_errors(folder))


def run_study(path: str | Path, out: str | Path, jobs: int | None = None) -> Results:
    """Run what is not done yet of the study file *path* in the folder *out*; return all results.

    Raise InputError for a wrong study and RunError, with the first error, if a run failed.
    """
    from p2pkd.analysis.results import Results

    sweep = sweep_of(load_study(path), out)
    table = sweep.run(executor("local", jobs), resume=True)
    if sweep.errors:
        error = next(iter(sweep.errors.values()))
        raise RunError(f"{len(sweep.errors)} of {len(table)} runs failed, the first with: {error}")
    return Results.from_dir(sweep.folder)
