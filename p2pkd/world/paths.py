"""Finding the files that a scenario names."""

from __future__ import annotations

import os
import re
from pathlib import Path

from p2pkd.core.errors import InputError

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def locate(path: str, base: Path, error: type[InputError], what: str) -> Path:
    """Return the existing file or folder that *path* means.

    ``${NAME}`` in it takes an environment variable and ``~`` the home folder.  A relative path is
    looked for beside the scenario (*base*), then in the working directory.  Raise *error*, with
    *what* was looked for and where, if there is none.
    """
    given = Path(_VARIABLE.sub(lambda match: _variable(match[1], path, error), path)).expanduser()
    places = [base / given, Path.cwd() / given]
    for place in places:
        if place.exists():
            return place
    tried = " and ".join(dict.fromkeys(map(str, places)))
    raise error(f"{what}: {path!r} does not exist (looked at {tried})")


def _variable(name: str, path: str, error: type[InputError]) -> str:
    value = os.environ.get(name)
    if value is None:
        raise error(f"{path!r}: the environment variable {name} is not set; set it to the folder")
    return value
