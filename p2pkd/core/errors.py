"""Every error that p2pkd raises on purpose.

P2pkdError
├── InputError              the input was wrong; the command line exits with 2
│   ├── ScenarioError       a scenario or study file; carries one Problem per mistake
│   ├── TraceError          a matrix, table, graph or session file
│   ├── DataError           a data set, or a partition that cannot be made
│   └── ResultError         a run directory that is not one, or is broken
└── RunError                the run itself failed; the command line exits with 1
    ├── Interrupted         the user stopped the run
    └── Pruned              an observer found the run not worth going on

SimPy re-raises a failed process as ``type(exc)(*exc.args)``, so each of these is rebuilt from its
``args`` alone.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from p2pkd.core.text import short

# Characters of a message that are shown: what was given may be of any length.
MOST = 2000


class P2pkdError(Exception):
    """Base of every error of this package."""


class InputError(P2pkdError):
    """The user's input was wrong; the message says what, where, and what would be right."""


class Problem(NamedTuple):
    """One mistake in a file.

    `line` and `column` count from 1; 0 where the value has no place in a file (an override given
    on the command line, say).  `key` is the dotted path of the value.
    """

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        message = short(self.message, MOST)
        return f"{place}  {short(self.key)}: {message}" if self.key else f"{place}  {message}"


class ScenarioError(InputError):
    """A scenario or study that cannot be run, with all its problems at once.

    ``ScenarioError(problems)``; `problems` is a sequence of `Problem`.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(Problem(*problem) for problem in problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


@contextmanager
def about(key: str, instead_of: str | None = None) -> Iterator[None]:
    """Say of InputErrors raised inside that they are about the scenario's *key*.

    Each line of a message that begins neither with that key's section nor with a line of a file
    gets the key; one that begins with *instead_of* gets it in place of that.
    """
    try:
        yield
    except ScenarioError:
        raise
    except InputError as error:
        lines = [_about(line, key, instead_of) for line in str(error).splitlines()]
        raise type(error)("\n".join(lines)) from error


def _about(line: str, key: str, instead_of: str | None) -> str:
    if instead_of is not None and re.match(rf"{re.escape(instead_of)}[.:]", line):
        return key + line.removeprefix(instead_of)
    section = key.split(".")[0]
    if re.match(rf"{section}[.:]", line) or re.match(r".*?:\d+(:\d+)?: ", line):
        return line
    return f"{key}: {line}"


class TraceError(InputError):
    """A file of measurements (matrix, table, graph, sessions) that breaks its own format."""


class DataError(InputError):
    """A data set that cannot be read, or a partition of it that cannot be made."""


class ResultError(InputError):
    """A run directory that is missing, incomplete or not a run directory."""


class RunError(P2pkdError):
    """The run failed after its input had been accepted."""


class Interrupted(RunError):
    """The user stopped the run; what it recorded until then is readable."""


class Pruned(RunError):
    """An observer ended the run before its time; what it recorded is readable."""


def suggestion(given: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the closest of *known*, or the list of them.

    >>> suggestion("temprature", ["temperature", "weight"])
    "; did you mean 'temperature'?"
    >>> suggestion("zzz", ["ring", "star"])
    '; known: ring, star'
    """
    names = sorted(known)
    close = difflib.get_close_matches(given, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
