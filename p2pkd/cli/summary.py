"""What a run ends with on the terminal: a small table, and what must not be missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from p2pkd.cli.streams import echo

if TYPE_CHECKING:
    from p2pkd.analysis.result import Result


def print_summary(result: Result, files: Sequence[tuple[str, str]]) -> None:
    """Print the run's table to stdout; *files* are names and paths for its last rows."""
    from p2pkd.analysis.io.readable import seconds
    from p2pkd.analysis.measures.headline import headline

    wall = ("Wall time", seconds(result.manifest.get("wall_s")))
    mark = ("Fingerprint", str(result.summary.get("fingerprint")))
    rows = [*headline(result), wall, mark, *files]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        echo(f"{name:<{width}}  {value}")


def print_warnings(result: Result) -> None:
    """Tell on stderr what is doubtful or remarkable about the run, the worst loudly."""
    for text, loud in _remarks(result):
        echo(text, err=True, bold=loud, fg="red" if loud else None)


def _remarks(result: Result) -> Iterator[tuple[str, bool]]:
    for text in result.warnings:
        if "never distilled" in text and not result.summary.get("distill_steps"):
            yield "WARNING: " + text.upper(), True
            yield "Look at gossip.every, teachers.warm_up, memory.max_age and links.loss.", True
        else:
            yield text, "DIVERGED" in text or "DEAD" in text
    yield from ((text, False) for text in result.notes)
