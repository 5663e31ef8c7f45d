"""Parts of a page that a program writes, between two comments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def replace_part(page: Path, name: str, text: str) -> None:
    """Put *text* between the comments ``<!-- name -->`` and ``<!-- /name -->`` of *page*.

    Comments on lines of their own hold whole lines; within a line they hold words.
    """
    before, rest = _split(page, page.read_text(encoding="utf-8"), f"<!-- {name} -->", name)
    old, after = _split(page, rest, f"<!-- /{name} -->", name)
    if old.startswith("\n"):
        text = f"\n{text}\n"
    marked = f"{before}<!-- {name} -->{text}<!-- /{name} -->{after}"
    page.write_text(marked, encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """Return a Markdown table, the first *texts* columns to the left, the others to the right."""
    rule = "|" + "---|" * texts + "--:|" * (len(head) - texts)
    return "\n".join([_line(head), rule, *map(_line, rows)])


def points(low: float, high: float) -> str:
    """Return an interval of differences in points, such as ``-1.2 to 0.3``."""
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _split(page: Path, text: str, mark: str, name: str) -> tuple[str, str]:
    if text.count(mark) != 1:
        raise SystemExit(f"{page}: has no part {name!r}, or more than one")
    before, _, after = text.partition(mark)
    return before, after
