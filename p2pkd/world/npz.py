"""NumPy archives: their arrays by what they are for, read no sooner than their size is known."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.core.machine import too_large
from p2pkd.scenario.data import Npz
from p2pkd.world.raw import Part, Raw

# How inputs and labels of a part are called: p2pkd's own names, Keras's, MedMNIST's.
_PARTS = {
    "": [("x", "y"), ("X", "y"), ("images", "labels"), ("data", "labels")],
    "train": [("x_train", "y_train"), ("X_train", "y_train"), ("train_images", "train_labels")],
    "val": [
        ("x_val", "y_val"),
        ("X_val", "y_val"),
        ("x_valid", "y_valid"),
        ("x_validation", "y_validation"),
        ("val_images", "val_labels"),
    ],
    "test": [("x_test", "y_test"), ("X_test", "y_test"), ("test_images", "test_labels")],
}


def load_npz(file: Path, spec: Npz) -> Raw:
    """Return the rows of *file*; raise DataError, by name, if something is missing or wrong."""
    with _opened(file) as archive:
        names = {name.removesuffix(".npy"): name for name in archive.namelist()}
        found = {part: _pair(names, part, file) for part in _PARTS}
        if found[""] and found["train"]:
            raise DataError(f"{file}: has x and x_train; which are the rows to learn from?")
        own = found[""] or found["train"]
        if own is None:
            raise DataError(f"{file}: has arrays {sorted(names)}; needs x and y")

        def read(name: str) -> NDArray[Any]:
            return _array(archive, names[name], file)

        def part(pair: tuple[str, str] | None) -> Part | None:
            return None if pair is None else Part(read(pair[0]), read(pair[1]))

        learning, val, test = part(own), part(found["val"]), part(found["test"])
        owners = None if spec.owner is None else _owners(spec.owner, names, file, read)
    assert learning is not None
    if val is not None and spec.validation == "learn":
        learning = learning.with_(val, f"{file}: validation part")
        if owners is not None:
            owners = np.concatenate([owners, np.full(len(val.y), "")])
    elif val is not None and spec.validation == "test":
        test = val if test is None else test.with_(val, f"{file}: validation part")
    return Raw.from_arrays(
        file.stem,
        learning.x,
        learning.y,
        str(file),
        test=test,
        channels=spec.channels,
        standardise=spec.standardise,
        owners=owners,
    )


def _pair(names: Sequence[str] | dict[str, str], part: str, file: Path) -> tuple[str, str] | None:
    """Return the names of inputs and labels of *part*; None where there are neither."""
    for x, y in _PARTS[part]:
        if x in names and y in names:
            return x, y
    alone = [name for pair in _PARTS[part] for name in pair if name in names]
    if part and alone:
        raise DataError(f"{file}: has {alone[0]} without its other half; needs x_{part}, y_{part}")
    return None


def _owners(name: str, names: dict[str, str], file: Path, read: Any) -> NDArray[Any]:
    if name not in names:
        raise DataError(f"{file}: has no array {name!r}, the owners; it has {sorted(names)}")
    owners = read(name)
    if owners.ndim != 1 or owners.dtype.kind not in "iuUS":
        raise DataError(
            f"{file}: {name!r} must be one number or name for each row, given {owners.dtype} of"
            f" shape {owners.shape}"
        )
    return np.asarray(owners.astype(str) if owners.dtype.kind != "S" else np.char.decode(owners))


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except DataError:
        raise
    except _BROKEN as error:
        raise DataError(f"{file}: cannot be read as .npz: {error}") from error


# What zipfile, zlib and NumPy raise on files that are not what they should be.
_BROKEN = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    EOFError,
    RuntimeError,
    SyntaxError,
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)


def _array(archive: zipfile.ZipFile, member: str, file: Path) -> NDArray[Any]:
    """Return an array, once its header is known to tell the truth about its size."""
    size = archive.getinfo(member).file_size
    with archive.open(member) as stream:
        shape, dtype = _header(stream)
        start = stream.tell()
    if dtype.hasobject:
        raise DataError(f"{file}: {member} holds Python objects, which are not read; save numbers")
    claimed = math.prod(shape) * dtype.itemsize
    if claimed != size - start or min(shape, default=0) < 0:
        raise DataError(
            f"{file}: {member} says that it holds {shape} {dtype}, {claimed:,} bytes, and has"
            f" {size - start:,}"
        )
    if (problem := too_large(claimed)) is not None:
        raise DataError(f"{file}: {member} takes {problem}")
    with archive.open(member) as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype
