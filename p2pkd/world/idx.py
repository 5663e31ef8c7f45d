"""IDX files, the format of MNIST and its kin (http://yann.lecun.com/exdb/mnist/)."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.world.raw import Part, Raw

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def load_idx(folder: Path, split: str | None = None) -> Raw:
    """Read the train and test images and labels that lie in *folder*, `.gz` or not.

    Files are called as MNIST's (``t10k`` for the test part) or EMNIST's
    (``emnist-letters-train-images-idx3-ubyte``, ``test``), of which *split* chooses one.  The test
    part becomes the test part where both are present.  Raise DataError if neither is.
    """
    prefix = _prefix(folder, split)
    train = _pair(folder, f"{prefix}train")
    test = _pair(folder, f"{prefix}(?:t10k|test)")
    if train is None and test is None:
        raise DataError(
            f"{folder}: has neither train-images-idx3-ubyte nor t10k-images-idx3-ubyte with their "
            f"labels (.gz or not)"
        )
    learning = train or test
    assert learning is not None
    own_test = None if train is None else test
    if own_test is not None and learning.x.shape[1:] != own_test.x.shape[1:]:
        raise DataError(
            f"{folder}: train {learning.x.shape[1:]} and t10k {own_test.x.shape[1:]} differ"
        )
    return Raw.from_arrays(folder.name, learning.x, learning.y, str(folder), test=own_test)


def _prefix(folder: Path, split: str | None) -> str:
    """Return how the names of the files begin; raise DataError where that is to be chosen."""
    files = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    matches = (re.match(r"emnist-([a-z]+)-(?:train|test)-images", name) for name in files)
    splits = sorted({match[1] for match in matches if match})
    if split is not None and split not in splits:
        known = ", ".join(splits) or "none"
        raise DataError(f"data.dataset.split: {split!r}, but {folder} has of EMNIST's: {known}")
    plain = any(name.startswith(("train-images", "t10k-images")) for name in files)
    if split is None and len(splits) + plain > 1:
        raise DataError(
            f"{folder}: has several sets, {', '.join(splits)}{' and MNIST' if plain else ''};"
            " choose with data.dataset.split, or put them in folders of their own"
        )
    chosen = split or (splits[0] if splits else None)
    return "" if chosen is None else f"emnist-{chosen}-"


def read_idx(file: Path) -> NDArray[Any]:
    """Return the array in *file*; raise DataError if it breaks the format."""
    try:
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{file}: cannot be read: {error}") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise DataError(f"{file}: is not an IDX file: it starts with {content[:4].hex(' ')!r}")
    dtype, start = np.dtype(TYPES[content[2]]), 4 + 4 * content[3]
    if len(content) < start:
        raise DataError(f"{file}: is cut off in its header of {start} bytes")
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist())
    wanted = int(np.prod(shape)) * dtype.itemsize
    if len(content) - start != wanted:
        raise DataError(
            f"{file}: {shape} needs {wanted} bytes after the header, has {len(content) - start}"
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def _pair(folder: Path, part: str) -> Part | None:
    images, labels = _file(folder, part, "images"), _file(folder, part, "labels")
    if images is None or labels is None:
        return None
    x, y = read_idx(images), read_idx(labels)
    if len(x) != len(y):
        raise DataError(f"{images}: x {x.shape} and y {y.shape}; need (rows, ...) and (rows,)")
    return Part(x, y)


def _file(folder: Path, part: str, what: str) -> Path | None:
    # Copies differ in "-idx3" against ".idx3".
    pattern = re.compile(rf"{part}-{what}[-.]idx\d-ubyte(\.gz)?")
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return next((folder / name for name in names if pattern.fullmatch(name)), None)
