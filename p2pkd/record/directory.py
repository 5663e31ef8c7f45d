"""The directory of one run, written beside its final name and renamed at the end."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from p2pkd.core.errors import InputError, Interrupted, Pruned, RunError
from p2pkd.core.seal import FILES, MANIFEST, inventory, sealed, write_out
from p2pkd.record.manifest import plain, provenance, to_json, utc
from p2pkd.record.recorder import Recorder

DONE, INTERRUPTED, PRUNED, FAILED = "done", "interrupted", "pruned", "failed"
# Held by the process that writes into a partial directory, as long as it lives.
LOCK = ".lock"


class RunDirectory:
    """A run directory in the making.

    ::

        with RunDirectory.create(path, scenario_text=..., resolved_text=...) as run:
            simulate(observer=run.recorder)
            run.finish("done", {"name": ..., "seed": ...})

    Until it is finished everything lies in ``.<name>.partial-<pid>`` beside `path`, without a
    manifest; so a killed run never looks complete.  Everything is on disk before the directory gets
    its name (fsync), and the manifest says what belongs to it (`p2pkd.core.seal`).

    Leaving the block by an exception finishes it with status ``interrupted`` (Ctrl-C), ``pruned``
    or ``failed`` and what was recorded until then.  Where even that cannot be written, the disk
    being full, say, the tables are given up for the manifest; the first exception is the one that
    goes on.
    """

    def __init__(self, path: Path, partial: Path) -> None:
        self.path = path
        self.partial = partial
        self.extra: dict[str, Any] = {}
        self.manifest: dict[str, Any] | None = None
        self._lock = (partial / LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.recorder = Recorder(partial)
        self._started = time.time()
        self._clock = time.perf_counter()

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        scenario_text: str,
        resolved_text: str,
        extra: dict[str, Any] | None = None,
    ) -> Self:
        """Make the directory that will be renamed to *path*, with both scenario texts in it.

        *extra* goes into the manifest whatever becomes of the run (name, seed, ...).  Raise
        InputError if *path* exists and is not an empty directory, or cannot be made.
        """
        path = _free(Path(path))
        partial = run = None
        try:
            partial = _partial(path)
            run = cls(path, partial)
            run.extra.update(extra or {})
            run.write_text("scenario.yaml", scenario_text)
            run.write_text("resolved.yaml", resolved_text)
        except (OSError, RunError) as error:
            if run is not None:
                run.recorder.abandon()
            if partial is not None:
                shutil.rmtree(partial, ignore_errors=True)
            told = (
                error if isinstance(error, RunError) else f"{path}: cannot be made: {_why(error)}"
            )
            raise InputError(f"{told}; choose another") from None
        return run

    def write_text(self, name: str, text: str) -> None:
        """Write *text* to the file *name* of the directory; raise RunError if that fails."""
        try:
            (self.partial / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise _refused(self.path / name, error) from None

    def write_json(self, name: str, value: Any) -> None:
        """Write *value* to the file *name* as JSON."""
        self.write_text(name, to_json(value))

    def finish(self, status: str = DONE, extra: dict[str, Any] | None = None) -> dict[str, Any]:
        """Close the tables, write the manifest, rename; return the manifest.

        *extra* is added to the manifest; a ``summary`` in it is merged into the totals.  A second
        call does nothing but return the manifest.  Raise RunError if the disk does not take it;
        the directory then says that the run failed, if it can say anything.
        """
        if self.manifest is not None:
            return self.manifest
        try:
            self.recorder.close()
            self._seal(status, extra or {})
        except (OSError, RunError) as error:
            told = error if isinstance(error, RunError) else _refused(self.path, error)
            self._salvage({"error": str(told), **(extra or {})})
            raise told from None
        assert self.manifest is not None
        return self.manifest

    def _seal(self, status: str, extra: dict[str, Any]) -> None:
        """Write the manifest, everything out to disk, and give the directory its name."""
        manifest = plain(self._manifest(status, {**self.extra, **extra}))
        names = [f.name for f in self.partial.iterdir() if f.name not in (LOCK, MANIFEST)]
        manifest = sealed({**manifest, FILES: inventory(self.partial, names)})
        self.write_json(MANIFEST, manifest)
        write_out(self.partial / MANIFEST)
        (self.partial / LOCK).unlink(missing_ok=True)
        write_out(self.partial)
        try:
            os.rename(self.partial, self.path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            raise InputError(
                f"{self.path}: came into being during the run ({error.strerror}); "
                f"the results are in {self.partial}"
            ) from None
        self.manifest = manifest
        self._lock.close()
        write_out(self.path.parent)

    def _salvage(self, extra: dict[str, Any]) -> None:
        """Finish as ``failed`` without tables, whose room the manifest needs; or give that up."""
        self.recorder.abandon()
        for table in self.partial.glob("*.parquet"):
            table.unlink(missing_ok=True)
        try:
            self._seal(FAILED, extra)
        except (OSError, InputError):
            self._lock.close()

    def _manifest(self, status: str, extra: dict[str, Any]) -> dict[str, Any]:
        summary = {**self.recorder.summary(), **extra.pop("summary", {})}
        return {
            "status": status,
            **extra,
            **provenance(),
            "started_utc": utc(self._started),
            "ended_utc": utc(time.time()),
            "wall_s": round(time.perf_counter() - self._clock, 3),
            "summary": summary,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.finish(DONE)
        elif isinstance(error, KeyboardInterrupt | Interrupted):
            self._finish_after(error, INTERRUPTED, {})
        elif isinstance(error, Pruned):
            self._finish_after(error, PRUNED, {"error": str(error)})
        else:
            told = str(error) if isinstance(error, RunError) else _typed(error)
            self._finish_after(error, FAILED, {"error": told})

    def _finish_after(self, error: BaseException, status: str, extra: dict[str, Any]) -> None:
        """Finish; what is wrong with that is a note to *error*, which goes on."""
        try:
            self.finish(status, extra)
        except (RunError, InputError) as second:
            if str(second) != str(error):
                error.add_note(str(second))


def _partial(path: Path) -> Path:
    """Make a directory for the time until *path* gets its name; raise OSError if that fails.

    Process numbers repeat, in containers most of all: what a dead run of the same number has left
    is in nobody's way.
    """
    stem = f".{path.name}.partial-{os.getpid()}"
    for number in range(1, 1000):
        partial = path.with_name(stem if number == 1 else f"{stem}-{number}")
        try:
            partial.mkdir(parents=True)
        except FileExistsError:
            if not partial.is_dir():  # a file further up, say
                raise
            continue
        return partial
    raise OSError(errno.EEXIST, "a thousand unfinished runs are beside it")


def clear_partial(runs: Path, name: str = "*") -> None:
    """Take away the unfinished run directories in *runs* whose processes are gone."""
    for partial in runs.glob(f".{name}.partial-*"):
        if partial.is_dir() and not partial.is_symlink() and not _is_alive(partial):
            shutil.rmtree(partial, ignore_errors=True)


def _is_alive(partial: Path) -> bool:
    """Tell whether somebody writes into a partial directory: holds its lock."""
    try:
        with (partial / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return _has_process(partial.name)  # just made, or about to get its name
    except OSError:
        return True
    return False


def _has_process(name: str) -> bool:
    """Tell whether another process is alive that has the number in a partial directory's name."""
    number = name.partition(".partial-")[2].split("-")[0]
    if not (number.isascii() and number.isdigit() and 0 < int(number[:10]) < 2**31):
        return False
    if int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True


def _refused(path: Path, error: OSError) -> RunError:
    return RunError(f"{path}: cannot be written: {_why(error)}")


def _why(error: OSError) -> str:
    """Return the system's words; libraries put their own into the error."""
    return os.strerror(error.errno) if error.errno else str(error)


def _typed(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def default_path(
    name: str, resolved_text: str, *, root: str | Path = "runs", dry_run: bool = False
) -> Path:
    """Return ``<root>/<name>/<utc>-<hash8>``, a path that does not exist yet.

    Dry runs have a folder of their own, ``<root>/<name>-dry``: what takes all of a folder's runs
    would be spoiled by them.

    *hash8* are the first digits of the resolved scenario's SHA-256.
    """
    hash8 = hashlib.sha256(resolved_text.encode()).hexdigest()[:8]
    stem = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{hash8}"
    folder = Path(root) / (f"{name}-dry" if dry_run else name)
    path, number = folder / stem, 2
    while path.exists():
        path, number = folder / f"{stem}-{number}", number + 1
    return path


def _free(path: Path) -> Path:
    """Return *path*, absolute; raise InputError unless a run directory can get this name."""
    given = path
    try:
        path = Path(os.path.realpath(path) if path.is_symlink() else path.absolute())
        here = Path.cwd()
        if path.is_symlink():
            raise InputError(f"{given}: is a link that leads nowhere; give another directory")
        if path.exists():
            _check_free(given, path)
    except OSError as error:
        raise InputError(f"{given}: cannot be made: {error.strerror}; choose another") from None
    except ValueError as error:
        raise InputError(f"{given}: is no name of a directory: {error}") from None
    if path == here or path in here.parents:
        # What is renamed to it would take its place, and leave nobody anywhere.
        raise InputError(f"{given}: is the folder that you are in; name a new one")
    if path.is_mount():
        raise InputError(f"{given}: is where a disk begins; name a folder in it")
    return path


def _check_free(given: Path, path: Path) -> None:
    if not path.is_dir():
        raise InputError(f"{given}: is a file; give a directory that is new or empty")
    if any(path.iterdir()):
        what = "holds a run already" if (path / MANIFEST).exists() else "is not empty"
        raise InputError(f"{given}: {what}; give another directory, or move this one away first")
