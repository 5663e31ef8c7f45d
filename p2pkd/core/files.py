"""Writing what is made of runs: whole or not at all, and not through somebody's link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from p2pkd.core.errors import ResultError


def write_text(path: Path, text: str) -> None:
    """Write *text* to the file *path*; raise ResultError if that cannot be done."""
    with writing(path) as file:
        file.write(text)


@contextmanager
def writing(path: Path) -> Iterator[TextIO]:
    """Open the file *path* for writing; it has its name when all is in it.

    Raise ResultError if it cannot be written.  A pipe or a device is written to as it is.
    """
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    direct = path.exists() and not path.is_file() and not path.is_dir()
    try:
        with (path if direct else partial).open("w", encoding="utf-8") as file:
            yield file
        if not direct:
            os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ResultError(f"{path}: cannot be written: {error.strerror or error}") from None
    except BaseException:
        if not direct:
            partial.unlink(missing_ok=True)
        raise
