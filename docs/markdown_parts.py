"""Parts of a page that a script writes, between two comments."""

from __future__ import annotations

from pathlib import Path


def replace_part(page: Path, name: str, text: str) -> None:
    """Put *text* between the comments ``<!-- name -->`` and ``<!-- /name -->`` of *page*."""
    before, _, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, mark, after = rest.partition(f"<!-- /{name} -->")
    if not mark:
        raise SystemExit(f"{page}: has no part {name!r}")
    page.write_text(f"{before}<!-- {name} -->\n{text}\n{mark}{after}", encoding="utf-8")
