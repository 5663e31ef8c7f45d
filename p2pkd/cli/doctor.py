"""`p2pkd doctor`: whether this machine is fit to run."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

import typer

from p2pkd.cli.app import FAILED, app, example
from p2pkd.cli.streams import echo

_NAME_END = " <>=!~;[("


@app.command(epilog=example("p2pkd doctor"))
def doctor() -> None:
    """Print versions, cores, memory and extras; exit with 1 if something needed is missing."""
    missing = False
    for subject, finding, fine in findings():
        echo(f"{'ok ' if fine else '-- '} {subject:<16} {finding}")
        missing |= not fine and not finding.startswith("optional")
    if missing:
        raise typer.Exit(FAILED)


def findings() -> Iterator[tuple[str, str, bool]]:
    """Yield a subject, what was found, and whether it is as it should be."""
    python = platform.python_version()
    yield "python", f"{python} ({platform.platform()})", sys.version_info >= (3, 11)
    yield "p2pkd", version("p2pkd"), True
    for requirement in requires("p2pkd") or []:
        name = _name(requirement)
        found = _version(name)
        group = _extra(requirement)
        absent = (
            f"optional, not installed: pip install 'p2pkd[{group}]'" if group else "not installed"
        )
        yield name, found or absent, found is not None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield "cores", f"{cores} usable", True
    yield "memory", _memory(), True
    yield "torch threads", *_threads()


def _name(requirement: str) -> str:
    end = min((requirement.find(c) for c in _NAME_END if c in requirement), default=None)
    return requirement[:end]


def _extra(requirement: str) -> str | None:
    """Return the extra that asks for *requirement*, such as ``optuna>=4; extra == 'search'``."""
    match = re.search(r"""extra\s*==\s*['"]([^'"]+)['"]""", requirement)
    return match[1] if match else None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "unknown on this system"
    return f"{free / 1e9:.1f} GB free of {total / 1e9:.1f} GB"


def _threads() -> tuple[str, bool]:
    try:
        import torch
    except ImportError as error:
        return f"torch cannot be imported: {error}", False
    cuda = "with CUDA" if torch.cuda.is_available() else "CPU only"
    return f"{torch.get_num_threads()} by default, {cuda}", True
