"""What belongs to a finished run: the manifest lists its files, and is sealed itself.

The manifest's ``files`` has ``bytes`` and ``sha256`` of every file that the run wrote, its ``seal``
the SHA-256 of all else in the manifest.  So a file that was emptied, cut, edited, or taken from
another run is found out: sizes when a run directory is opened, contents when they are first read.
This guards against accidents; whoever wants to forge a run can compute a seal as well.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from p2pkd.core.errors import ResultError
from p2pkd.core.plain_json import read_json

MANIFEST = "manifest.json"
FILES, SEAL = "files", "seal"
# The first format that lists files; of earlier runs nothing can be checked.
SINCE = 2
AGAIN = "run it again, or put the right file back"


def inventory(folder: Path, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return what the manifest says of the files *names* in *folder*; they are on disk then.

    Raise OSError where one cannot be written out.
    """
    return {name: _facts(folder / name) for name in sorted(names)}


def sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return *manifest*, which is plain JSON, with its seal."""
    return {**manifest, SEAL: _seal(manifest)}


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of the run in *folder*.

    Raise ResultError, naming file and fault, if there is none, it is broken or changed, or a file
    that it lists is missing or has another size.
    """
    file = folder / MANIFEST
    if not os.path.lexists(file):
        raise ResultError(
            f"{folder}: has no {MANIFEST}; it is not a run directory, or its run was killed or "
            "has not finished"
        )
    manifest = read_json(file, ResultError)
    if not (
        isinstance(manifest, dict)
        and isinstance(manifest.get("summary"), dict)
        and isinstance(manifest.get("status"), str)
    ):
        raise ResultError(f"{file}: is broken: not JSON with 'status' and 'summary'; run it again")
    version = manifest.get("format")
    if SEAL not in manifest and version in range(1, SINCE):
        return manifest
    if manifest.get(SEAL) != _seal(manifest):
        raise ResultError(f"{file}: was changed after the run; {AGAIN}")
    if not isinstance(manifest.get(FILES), dict):
        raise ResultError(f"{file}: does not say which files belong to the run; run it again")
    for name, facts in manifest[FILES].items():
        fault = _size_fault(folder / name, facts["bytes"])
        if fault:
            raise ResultError(f"{folder / name}: {fault}; {AGAIN}")
    return manifest


def check(folder: Path, name: str, manifest: Mapping[str, Any]) -> None:
    """Raise ResultError unless the file *name* of a run is the one that the run wrote.

    A file is hashed once, as long as nobody writes to it.
    """
    files = manifest.get(FILES)
    if files is None:
        return
    path = folder / name
    if name not in files:
        what = "is missing" if not os.path.lexists(path) else "does not belong to this run"
        raise ResultError(f"{path}: {what}; the run directory is not complete")
    fault = _size_fault(path, files[name]["bytes"])
    if fault is None:
        try:
            if _hash_of(path) != files[name]["sha256"]:
                fault = "has the right size and other contents than the run wrote"
        except OSError as error:
            fault = f"cannot be read: {error.strerror}"
    if fault:
        raise ResultError(f"{path}: {fault}; {AGAIN}")


def check_all(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise ResultError unless every file of a run is the one that the run wrote."""
    for name in manifest.get(FILES, ()):
        check(folder, name, manifest)


def write_out(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on disk; raise OSError if they cannot."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _facts(path: Path) -> dict[str, Any]:
    write_out(path)
    return {"bytes": path.stat().st_size, "sha256": _hash_of(path)}


def _seal(manifest: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in manifest.items() if key != SEAL}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _size_fault(path: Path, n_bytes: int) -> str | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if not stat.S_ISREG(found.st_mode):
        return "is not a file"
    if found.st_size != n_bytes:
        return f"has {found.st_size:,} bytes, where the run wrote {n_bytes:,}"
    return None


def _hash_of(path: Path) -> str:
    found = path.stat()
    return _hashed(str(path.absolute()), found.st_ino, found.st_size, found.st_mtime_ns)


@functools.lru_cache(maxsize=100_000)
def _hashed(path: str, inode: int, size: int, mtime_ns: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
