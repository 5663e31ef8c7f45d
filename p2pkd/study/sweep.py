"""Running a study: what is done stays done, what fails is a row, the rest goes on."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from p2pkd.core.errors import InputError, ResultError, RunError
from p2pkd.core.plain_json import read_json
from p2pkd.core.seal import MANIFEST
from p2pkd.record.directory import clear_partial
from p2pkd.study.axes import VARIANT, Label
from p2pkd.study.executors import Executor
from p2pkd.study.load import Study
from p2pkd.study.point import Point
from p2pkd.study.pruning import Bars
from p2pkd.study.table import table_of, write_table
from p2pkd.study.task import FAILED, Outcome, Task, clear, fault_of, is_complete

if TYPE_CHECKING:
    import pandas as pd

ERRORS = "errors.json"


class Size(NamedTuple):
    """How much there is to run; runs are at most settings times seeds."""

    runs: int
    settings: int
    seeds: int


class Stratum(NamedTuple):
    """What is left of one variant: a point of each setting, and the number of runs."""

    points: Sequence[Point]
    left: int


@dataclass
class Sweep:
    """A study and the folder that its runs lie in, one directory a run, named by its hash."""

    study: Study
    folder: Path
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that runs lie in."""
        return (self.folder,)

    @property
    def points(self) -> tuple[Point, ...]:
        """The runs that are known to be wanted, in the order of the table."""
        return self.study.points

    @property
    def size(self) -> Size:
        """How many runs, settings and seeds there are in all."""
        seeds = {point.loaded.scenario.seed for point in self.points}
        settings = {point.setting for point in self.points}
        return Size(len(self.keys), len(settings), len(seeds))

    @property
    def keys(self) -> list[str]:
        """The hashes of all runs, once each: different labels may mean the same scenario."""
        return list(dict.fromkeys(point.key for point in self.points))

    def complete(self) -> set[str]:
        """Return the hashes of the runs that are done."""
        keys = dict.fromkeys(point.key for point in self.points)
        return {key for key in keys if is_complete(self.folder / key)}

    def untried(self) -> list[Point]:
        """Return the runs that are left, as far as they are known, each once."""
        return self._left(self.points)

    def strata(self) -> list[Stratum]:
        """Return what is left by variants, which may cost very different things."""
        settings = {point.setting: point for point in reversed(self.untried())}
        found: dict[Label, list[Point]] = {}
        for point in reversed(settings.values()):
            found.setdefault(point.labels.get(VARIANT), []).append(point)
        left = Counter(point.labels.get(VARIANT) for point in self.untried())
        return [Stratum(points, left[variant]) for variant, points in found.items()]

    def table(self) -> pd.DataFrame:
        """Return the table as it stands."""
        return table_of(self.points, self.study.columns, self.folder, self.errors)

    def run(
        self,
        executor: Executor,
        *,
        resume: bool = False,
        told: Callable[[Outcome], None] = lambda outcome: None,
    ) -> pd.DataFrame:
        """Run what is not done yet and return the table, which is then on disk too.

        *told* hears of every outcome as it comes.  Failed runs of an earlier attempt are tried
        again.  Raise InputError if the folder has runs and *resume* is not set, or if another
        sweep is at work in it.
        """
        with _alone_in(self.folder):
            known = [k for k in self.keys if any(_has_run(f / k) for f in self.folders)]
            if known and not resume:
                raise InputError(
                    f"{self.folder}: has {len(known)} of these {self.size.runs} runs already; "
                    "continue with --resume, or give another --out"
                )
            for directory in self.faults(thorough=True):
                clear(directory)
            with _named(self.folder, "the study"):
                self._write_study()
            self.errors.clear()
            try:
                self._run_all(executor, told)
            except BaseException as error:
                try:
                    self._close()
                except RunError as second:
                    error.add_note(str(second))
                raise
            return self._close()

    def faults(self, *, thorough: bool = False) -> dict[Path, str]:
        """Return which run directories are there but do not count, and why; see `fault_of`."""
        directories = [folder / key for folder in self.folders for key in self.keys]
        found = {d: fault_of(d, thorough=thorough) for d in directories}
        return {directory: fault for directory, fault in found.items() if fault is not None}

    def _run_all(self, executor: Executor, told: Callable[[Outcome], None]) -> None:
        for tasks in self.stages():
            for outcome in executor.outcomes(tasks):
                if outcome.status == FAILED:
                    self.errors[outcome.key] = outcome.error
                    # For whoever asks meanwhile; at the end it is written, or said that it was not.
                    with suppress(OSError):
                        _write_errors(self.folder, self.errors)
                told(outcome)

    def _close(self) -> pd.DataFrame:
        """Write what came out, and return the table; raise RunError if that cannot be written."""
        shutil.rmtree(self.folder / ".beats", ignore_errors=True)
        for folder in self.folders:
            clear_partial(folder)
        table = self.table()
        with _named(self.folder, "its table"):
            _write_errors(self.folder, self.errors)
            self.write(table)
        return table

    def stages(self) -> Iterator[list[Task]]:
        """Yield what is to be run, lists of tasks that wait for nobody but earlier lists."""
        yield self.tasks(self.points)

    def tasks(self, points: Sequence[Point], bars: Bars = ()) -> list[Task]:
        """Return what there is still to do of *points*, in their order."""
        return [Task.of(point, self.folder, bars=bars) for point in self._left(points)]

    def _left(self, points: Sequence[Point]) -> list[Point]:
        done = self.complete()
        return list({point.key: point for point in points if point.key not in done}.values())

    def write(self, table: pd.DataFrame) -> None:
        """Write *table* into the folder."""
        write_table(table, self.folder)

    def _write_study(self) -> None:
        (self.folder / "study.yaml").write_text(self.study.text, encoding="utf-8")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which goes with the process, however that ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("w")
    except (OSError, ValueError) as error:
        where = getattr(error, "filename", None) or folder
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{where}: cannot be made: {why}; choose another --out") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{folder}: another sweep is at work here; wait for it") from None
        yield


def read_errors(folder: Path) -> dict[str, str]:
    """Return what is known of failures, for those who ask how a sweep is; empty if unreadable."""
    try:
        found = read_json(folder / ERRORS, ResultError)
    except ResultError:
        return {}
    return {key: str(error) for key, error in found.items()} if isinstance(found, dict) else {}


def _has_run(directory: Path) -> bool:
    return os.path.lexists(directory / MANIFEST)


@contextmanager
def _named(folder: Path, what: str) -> Iterator[None]:
    """Raise RunError, naming folder and file, where something cannot be written."""
    try:
        yield
    except OSError as error:
        where = error.filename2 or error.filename or what
        why = error.strerror or error
        raise RunError(f"{folder}: {where} cannot be written: {why}") from None


def _write_errors(folder: Path, errors: dict[str, str]) -> None:
    partial = folder / f".{ERRORS}.partial"
    partial.write_text(json.dumps(errors, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, folder / ERRORS)
