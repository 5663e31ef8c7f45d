"""IDX files, the format of MNIST and its kin (http://yann.lecun.com/exdb/mnist/)."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.world.raw import Raw

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def load_idx(folder: Path) -> Raw:
    """Read the train and t10k images and labels that lie in *folder*, `.gz` or not.

    The t10k part becomes the test part where both are present.  Raise DataError if neither is.
    """
    train, test = _pair(folder, "train"), _pair(folder, "t10k")
    if train is None and test is None:
        raise DataError(
            f"{folder}: has neither train-images-idx3-ubyte nor t10k-images-idx3-ubyte with their "
            f"labels (.gz or not)"
        )
    if train is None or test is None:
        raw = train or test
        assert raw is not None
        return raw
    if train.input_shape != test.input_shape:
        raise DataError(f"{folder}: train {train.input_shape} and t10k {test.input_shape} differ")
    return replace(train, test_x=test.x, test_y=test.y)


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


def _pair(folder: Path, part: str) -> Raw | None:
    images, labels = _file(folder, part, "images"), _file(folder, part, "labels")
    if images is None or labels is None:
        return None
    return Raw.from_arrays(folder.name, read_idx(images), read_idx(labels), str(images))


def _file(folder: Path, part: str, what: str) -> Path | None:
    # Copies differ in "-idx3" against ".idx3".
    pattern = re.compile(rf"{part}-{what}[-.]idx\d-ubyte(\.gz)?")
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return next((folder / name for name in names if pattern.fullmatch(name)), None)
