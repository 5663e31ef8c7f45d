"""Loading all alternatives of all families, those of other packages included.

A package adds kinds by naming a module in its entry points; importing it defines the classes:

    [project.entry-points."p2pkd.kinds"]
    mine = "my_package.kinds"

A folder ``presets`` beside that module adds named methods (see `p2pkd.scenario.presets`).
"""

from __future__ import annotations

import functools
import sys
from importlib.metadata import entry_points
from pathlib import Path

from p2pkd.core.errors import InputError

GROUP = "p2pkd.kinds"


@functools.cache
def load_kinds() -> None:
    """Import every module of the entry-point group ``p2pkd.kinds``, once a process.

    Call it before anything is validated: a specification is built with the members that its
    families have then.  Raise InputError, naming the entry point, if one cannot be imported.
    """
    for entry in sorted(entry_points(group=GROUP)):
        try:
            entry.load()
        except ImportError as error:
            owner = f" of {entry.dist.name}" if entry.dist else ""
            raise InputError(
                f"the kinds {entry.name!r}{owner} ({entry.value}) cannot be imported: {error}"
            ) from error


@functools.cache
def kind_folders() -> tuple[Path, ...]:
    """Return the folders of all modules of the entry-point group, each once."""
    load_kinds()
    files = [sys.modules[entry.module].__file__ for entry in sorted(entry_points(group=GROUP))]
    return tuple(dict.fromkeys(Path(file).parent for file in files if file))
