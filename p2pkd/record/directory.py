"""The directory of one run, written beside its final name and renamed at the end."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from p2pkd.core.errors import InputError, Interrupted, Pruned
from p2pkd.record.manifest import provenance, to_json, utc
from p2pkd.record.recorder import Recorder

DONE, INTERRUPTED, PRUNED, FAILED = "done", "interrupted", "pruned", "failed"
MANIFEST = "manifest.json"


class RunDirectory:
    """A run directory in the making.

    ::

        with RunDirectory.create(path, scenario_text=..., resolved_text=...) as run:
            simulate(observer=run.recorder)
            run.finish("done", {"name": ..., "seed": ...})

    Until it is finished everything lies in ``.<name>.partial-<pid>`` beside `path`, without a
    manifest; so a killed run never looks complete.  Leaving the block by an exception finishes it
    with status ``interrupted`` (Ctrl-C), ``pruned`` or ``failed`` and what was recorded until then.
    """

    def __init__(self, path: Path, partial: Path) -> None:
        self.path = path
        self.partial = partial
        self.extra: dict[str, Any] = {}
        self.manifest: dict[str, Any] | None = None
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
        path = Path(path).absolute()
        _check_free(path)
        partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
        try:
            partial.mkdir(parents=True)
        except OSError as error:
            raise InputError(f"{path}: cannot be made: {error.strerror}; choose another") from None
        run = cls(path, partial)
        run.extra.update(extra or {})
        run.write_text("scenario.yaml", scenario_text)
        run.write_text("resolved.yaml", resolved_text)
        return run

    def write_text(self, name: str, text: str) -> None:
        """Write *text* to the file *name* of the directory."""
        (self.partial / name).write_text(text, encoding="utf-8")

    def write_json(self, name: str, value: Any) -> None:
        """Write *value* to the file *name* as JSON."""
        self.write_text(name, to_json(value))

    def finish(self, status: str = DONE, extra: dict[str, Any] | None = None) -> dict[str, Any]:
        """Close the tables, write the manifest, rename; return the manifest.

        *extra* is added to the manifest; a ``summary`` in it is merged into the totals.  A second
        call does nothing but return the manifest.
        """
        if self.manifest is not None:
            return self.manifest
        self.recorder.close()
        self.manifest = self._manifest(status, {**self.extra, **(extra or {})})
        self.write_json(MANIFEST, self.manifest)
        try:
            os.rename(self.partial, self.path)
        except OSError as error:
            raise InputError(
                f"{self.path}: came into being during the run ({error.strerror}); "
                f"the results are in {self.partial}"
            ) from None
        return self.manifest

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
            self.finish(INTERRUPTED)
        elif isinstance(error, Pruned):
            self.finish(PRUNED, {"error": str(error)})
        else:
            self.finish(FAILED, {"error": f"{type(error).__name__}: {error}"})


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


def _check_free(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise InputError(f"{path}: is a file; give a directory that is new or empty")
    if any(path.iterdir()):
        what = "holds a run already" if (path / MANIFEST).exists() else "is not empty"
        raise InputError(f"{path}: {what}; give another directory, or move this one away first")
