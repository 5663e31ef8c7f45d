"""Finding the files that a scenario names."""

from __future__ import annotations

import os
import re
from pathlib import Path

from p2pkd.core.errors import InputError
from p2pkd.core.text import readable, short

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def locate(path: str, base: Path, error: type[InputError], what: str) -> Path:
    """Return the existing file or folder that *path* means.

    ``${NAME}`` in it takes an environment variable and ``~`` the home folder.  A relative path is
    looked for beside the scenario (*base*), then in the working directory.  Raise *error*, with
    *what* was looked for and where, if there is none.
    """
    named = Path(_VARIABLE.sub(lambda match: _variable(match[1], f"{what}: {path!r}", error), path))
    shown = short(repr(path))
    try:
        given = named.expanduser()
    except RuntimeError:
        raise error(f"{what}: {shown}: there is no user {named.parts[0][1:]!r} here") from None
    places = [base / given, Path.cwd() / given]
    for place in places:
        # os.path: a name that is too long, or has a character that none has, is not there.
        if os.path.exists(place):
            return place
    tried = " and ".join(dict.fromkeys(short(readable(str(place)), 300) for place in places))
    raise error(f"{what}: {shown} does not exist (looked at {tried})")


def _variable(name: str, asked: str, error: type[InputError]) -> str:
    value = os.environ.get(name)
    if value is None:
        raise error(f"{asked}: the environment variable {name} is not set; set it to the folder")
    return value
