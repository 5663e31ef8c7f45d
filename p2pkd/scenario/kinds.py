"""Loading all alternatives of all families, those of other packages included.

A package adds kinds by naming a module in its entry points; importing it defines the classes:

    [project.entry-points."p2pkd.kinds"]
    mine = "my_package.kinds"

A folder ``presets`` beside that module adds named methods (see `p2pkd.scenario.presets`).
"""

from __future__ import annotations

import functools
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from traceback import walk_tb

from p2pkd.core.errors import InputError, P2pkdError

GROUP = "p2pkd.kinds"


@functools.cache
def load_kinds() -> None:
    """Import every module of the entry-point group ``p2pkd.kinds``, once a process.

    Call it before anything is validated: a specification is built with the members that its
    families have then.  Raise InputError, naming the entry point, if one cannot be imported: it
    raises or exits, or defines a kind that is there already.
    """
    for entry in sorted(entry_points(group=GROUP)):
        try:
            entry.load()
        except (Exception, SystemExit) as error:
            what = str(error) if isinstance(error, ImportError | P2pkdError) else _typed(error)
            raise InputError(f"{_described(entry)} cannot be imported: {what}") from error


def blamed(error: BaseException) -> str | None:
    """Return which entry point's package raised *error*, in words; None if none did."""
    owners = {entry.module.split(".")[0]: entry for entry in entry_points(group=GROUP)}
    owners.pop(__name__.split(".")[0], None)  # this package's own are no plug-in
    for frame, _ in reversed(list(walk_tb(error.__traceback__))):
        package = str(frame.f_globals.get("__name__", "")).split(".")[0]
        if package in owners:
            return f"{_described(owners[package])} failed: {_typed(error)}"
    return None


def _described(entry: EntryPoint) -> str:
    owner = f" of {entry.dist.name}" if entry.dist else ""
    return f"the kinds {entry.name!r}{owner} ({entry.value})"


def _typed(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


@functools.cache
def kind_folders() -> tuple[Path, ...]:
    """Return the folders of all modules of the entry-point group, each once."""
    load_kinds()
    files = [sys.modules[entry.module].__file__ for entry in sorted(entry_points(group=GROUP))]
    return tuple(dict.fromkeys(Path(file).parent for file in files if file))
