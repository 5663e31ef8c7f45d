"""One run of a sweep, as it is sent to a worker: plain data in, plain data out."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from p2pkd.core.errors import Interrupted, P2pkdError, Pruned, ResultError
from p2pkd.core.records import Observer
from p2pkd.core.seal import FILES, MANIFEST, check_all, read_manifest
from p2pkd.record.directory import clear_partial
from p2pkd.study.point import Point
from p2pkd.study.pruning import Bars, Pruner

BEAT_EVERY_S = 0.5
DONE, PRUNED, FAILED = "done", "pruned", "failed"


@dataclass(frozen=True)
class Task:
    """A scenario to run and where: `text` is the resolved scenario, `base` its files' folder.

    `directory` is the run directory, `beat` a file in which the run tells how far it is.  Where
    there are `bars`, the run is given up when it misses one.
    """

    key: str
    text: str
    base: str
    directory: str
    beat: str
    dry_run: bool = False
    bars: Bars = ()

    @classmethod
    def of(cls, point: Point, runs: Path, *, dry_run: bool = False, bars: Bars = ()) -> Task:
        """Return the task of *point*, for a directory inside *runs*."""
        beat = runs / ".beats" / point.key
        base = str(point.loaded.base.absolute())
        directory = str(runs / point.key)
        return cls(point.key, point.resolved_text, base, directory, str(beat), dry_run, bars)


@dataclass(frozen=True)
class Outcome:
    """What became of a task: ``done``, ``pruned`` or ``failed``, the latter two with the reason."""

    key: str
    status: str
    error: str = ""


def run_task(task: Task) -> Outcome:
    """Run *task*; whatever goes wrong, short of the process dying, is an outcome too."""
    directory = Path(task.directory)
    if is_complete(directory):
        return Outcome(task.key, DONE)
    clear(directory)
    try:
        _simulate(task, directory)
    except (KeyboardInterrupt, Interrupted):
        raise KeyboardInterrupt from None
    except Pruned as error:
        return Outcome(task.key, PRUNED, str(error))
    except Exception as error:
        # Another process may have been faster: a worker that outlived its killed sweep.
        if is_complete(directory):
            return Outcome(task.key, DONE)
        return Outcome(task.key, FAILED, described(error))
    finally:
        with suppress(OSError):
            Path(task.beat).unlink(missing_ok=True)
    return Outcome(task.key, DONE)


def described(error: BaseException) -> str:
    """Return the error on one line; those that are not ours with their type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, P2pkdError) else f"{type(error).__name__}: {text}"


def is_complete(directory: Path) -> bool:
    """Tell whether *directory* holds a run that ended as it should."""
    return status_of(directory) == DONE


def status_of(directory: Path) -> str | None:
    """Return the status in the manifest; None where there is none that can be believed."""
    return manifest_of(directory).get("status")


def clear(directory: Path) -> None:
    """Take away what an earlier, failed or killed, attempt at *directory* has left."""
    if directory.is_symlink():
        directory.unlink()  # what it leads to is somebody else's
    shutil.rmtree(directory, ignore_errors=True)
    clear_partial(directory.parent, directory.name)


def _simulate(task: Task, directory: Path) -> None:
    from ruamel.yaml import YAML

    from p2pkd.learning.compute.memory import keep_freed_memory
    from p2pkd.run import run
    from p2pkd.scenario.load import load_mapping

    if multiprocessing.parent_process() is not None:
        keep_freed_memory()

    loaded = load_mapping(YAML(typ="safe", pure=True).load(task.text))
    loaded = replace(loaded, text=task.text, base=Path(task.base))
    observers: list[Observer] = [Beat(Path(task.beat), loaded.scenario.duration)]
    if task.bars:
        observers.append(Pruner(task.bars))
    run(loaded, out=directory, dry_run=task.dry_run, observers=observers)


class Beat(Observer):
    """Writes the share of simulated time that has passed into *file*, twice a second at most."""

    def __init__(self, file: Path, duration_s: float) -> None:
        self.file = file
        self.duration_s = duration_s
        self.told = time.monotonic()
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)

    def advance(self, now_s: float, events: int) -> None:
        """Tell how far it is, if the last time was long enough ago."""
        now = time.monotonic()
        if now - self.told >= BEAT_EVERY_S:
            self.told = now
            with suppress(OSError):  # nothing but progress
                self.file.write_text(f"{now_s / self.duration_s:.4f}")


def beats(runs: Path) -> dict[str, float]:
    """Return the share done of each run under way, by key."""
    shares: dict[str, float] = {}
    for file in (runs / ".beats").glob("*"):
        try:
            shares[file.name] = float(file.read_text() or 0)
        except (OSError, ValueError):
            continue
    return shares


def manifest_of(directory: Path) -> dict[str, Any]:
    """Return the manifest of the run in *directory*; empty where `fault_of` finds a fault."""
    try:
        return _manifest(directory)
    except ResultError:
        return {}


def fault_of(directory: Path, *, thorough: bool = False) -> str | None:
    """Return why what is in *directory* is not taken for the sweep's run of that name.

    It is the manifest of another run or of a dry run, or a file is missing, or has another size or,
    where *thorough*, other contents.  None where there is no fault, or nothing at all.
    """
    if not os.path.lexists(directory / MANIFEST):
        return None
    try:
        manifest = _manifest(directory)
        if thorough:
            check_all(directory, manifest)
    except ResultError as error:
        return str(error)
    return None


def _manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest of the sweep's run in *directory*; raise ResultError if it is not one."""
    manifest = read_manifest(directory)
    file = directory / MANIFEST
    if manifest.get("dry_run"):
        raise ResultError(f"{file}: is of a dry run, in which nothing was learned")
    resolved = manifest.get(FILES, {}).get("resolved.yaml")
    # A sweep's directories have the hash of their scenario as names.
    if resolved is not None and not resolved["sha256"].startswith(directory.name):
        raise ResultError(f"{file}: is of another run, whose hash is {resolved['sha256'][:16]}")
    return manifest


def row_of(directory: Path) -> dict[str, Any]:
    """Return the summary of the run in *directory*; empty where there is none."""
    try:
        return dict(read_manifest(directory)["summary"])
    except ResultError:
        return {}
