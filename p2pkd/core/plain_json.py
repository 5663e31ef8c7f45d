"""JSON that others wrote, or may have edited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from p2pkd.core.errors import InputError


def parse_json(text: str | bytes, what: str, error: type[InputError]) -> Any:
    """Return the value of a JSON document.

    Raise *error*, with the name *what*, line and column, if it is none, or too deep to be read.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as wrong:
        raise error(f"{what}:{wrong.lineno}:{wrong.colno}  not valid JSON: {wrong.msg}") from None
    except UnicodeDecodeError as wrong:
        raise error(f"{what}: is not UTF-8: {wrong.reason} at byte {wrong.start}") from None
    except RecursionError:
        raise error(f"{what}: is nested too deep to be read") from None
    except ValueError as wrong:  # a number of more digits than Python converts
        raise error(f"{what}: has a number that is too long: {wrong}") from None


def read_json(path: Path, error: type[InputError]) -> Any:
    """Return the value in the JSON file *path*; raise *error* if that cannot be done."""
    try:
        # A pipe of that name would never end.
        if path.exists() and not path.is_file():
            raise error(f"{path}: is not a file")
        data = path.read_bytes()
    except OSError as wrong:
        raise error(f"{path}: cannot be read: {wrong.strerror}") from None
    return parse_json(data, str(path), error)
