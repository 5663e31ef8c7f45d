"""Sentences that quote measured numbers, and the result that each is of.

Numbers in marked parts are written by `make results`.  Those in running text are not: when their
source is made anew the sentences are listed, to be read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# By page and heading, the result that its running text quotes; None where nothing is measured.
SOURCES: dict[str, dict[str, str]] = {
    "README.md": {"p2pkd": "claim"},
    "docs/methods.md": {
        "Methods, compared": "methods",
        "What the README claims": "claim",
        "What to read from it": "methods",
        "What gains nothing here, and why": "methods",
        "Beside the published claims": "methods",
        "Tuned distillation": "tuned-kd",
    },
    "docs/model.md": {
        "Labels of one bit": "one-bit",
        "The public rows": "reference",
        "When the timeline sees what is learned": "looks",
        "How far each choice moves a result": "ladder",
    },
    "docs/studies.md": {
        "What was found": "topology",
        "Which graph? (`scenarios/studies/topology.yaml`)": "topology",
        "What to send? (`communication.yaml`)": "communication",
        "On which devices? (`resources.yaml`)": "resources",
        "Does disagreement fall with the spectral gap? (`spectral-gap.yaml`)": "spectral-gap",
        "Scaling, and what a sweep survives": "performance",
    },
    "docs/tasks.md": {"What came out": "tasks"},
}
_NUMBER = re.compile(r"\d(?:[\d.,]*\d)? ?(?:%|points?\b|[kM]?B\b|k?J\b|times\b)")


class Quoted(NamedTuple):
    """A line of a page with measured numbers, and the result that they are of."""

    page: str
    line: int
    text: str
    source: str


def quoted(place: Path) -> Iterator[Quoted]:
    """Yield the lines of running text that quote numbers, of all pages below *place*."""
    for page, sources in SOURCES.items():
        heading, fenced, part = "", False, ""
        for number, line in enumerate((place / page).read_text(encoding="utf-8").split("\n"), 1):
            fenced ^= line.startswith("```")
            if fenced:
                continue
            if line.startswith("#"):
                heading = line.lstrip("# ")
            if mark := re.fullmatch(r"<!-- (/?)([\w-]+) -->", line):
                part = "" if mark[1] else mark[2]
            bare = re.sub(r"<!-- ([\w-]+) -->.*?<!-- /\1 -->", "", line)
            if not part and heading in sources and _NUMBER.search(bare):
                yield Quoted(page, number, bare.strip(), sources[heading])


def headings(page: Path) -> set[str]:
    """Return the headings of *page*, those in code left out."""
    found, fenced = set(), False
    for line in page.read_text(encoding="utf-8").split("\n"):
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            found.add(line.lstrip("# "))
    return found
