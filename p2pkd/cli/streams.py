"""Standard streams as they may be: closed, full, or a terminal that obeys what it is shown."""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

import typer

from p2pkd.core.text import readable


def open_streams() -> None:
    """Give a process whose standard streams were closed (``2>&-``) new ones that lead nowhere.

    Else the next file that is opened would get their number, and what libraries print would land
    in it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            handle = os.open(os.devnull, os.O_RDWR)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def echo(
    message: object = "",
    *,
    err: bool = False,
    nl: bool = True,
    fg: str | None = None,
    bold: bool = False,
) -> None:
    """Print *message*, with nothing in it that a terminal would obey.

    What is told on stderr is told where that is possible; nothing depends on it.  Raise OSError
    where stdout does not take it.
    """
    text = readable(str(message))
    try:
        typer.secho(text, err=err, nl=nl, fg=fg, bold=bold)
    except UnicodeEncodeError:
        typer.echo(text.encode("ascii", "backslashreplace").decode(), err=err, nl=nl)
    except OSError:
        if not err:
            raise
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Let what *stream* still holds, and all that follows, lead nowhere."""
    try:
        handle = os.open(os.devnull, os.O_WRONLY)
        os.dup2(handle, stream.fileno())
        os.close(handle)
    except (OSError, ValueError):
        return  # a stream without a file: nothing is flushed at the end


def refusal(error: OSError) -> str:
    """Return, on one line, what the system did not do."""
    where = f"{error.filename}: " if error.filename else ""
    if not where and error.errno in (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT):
        where = "stdout: cannot be written: "
    return f"{where}{error.strerror or error}"
