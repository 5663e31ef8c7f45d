"""What is worth knowing about an input that can be used: said once, by whoever collects it.

A reader calls `remark`; whoever builds a world listens with `collecting`, so that builders, those
of other packages too, need no further argument.  Without a listener nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_UNTIL_S: ContextVar[float | None] = ContextVar("until", default=None)
_SAID: ContextVar[list[str] | None] = ContextVar("remarks", default=None)


def remark(text: str) -> None:
    """Tell whoever listens *text*, a sentence without a full stop; the same only once."""
    said = _SAID.get()
    if said is not None and text not in said:
        said.append(text)


def remark_span(first: float, last: float, what: str, key: str) -> None:
    """Remark where nothing of *what*, from *first* to *last* s, falls into the run; see *key*."""
    until_s = _UNTIL_S.get()
    if until_s is not None and (last < 0 or first >= until_s):
        remark(
            f"{what}: nothing of it falls into the run, which is from 0 to {until_s:g} s; its "
            f"times are from {first:g} s to {last:g} s (see {key})"
        )


@contextmanager
def collecting(until_s: float | None = None) -> Iterator[list[str]]:
    """Yield the list that is filled with what is remarked meanwhile; the run ends at *until_s*."""
    said: list[str] = []
    tokens = _SAID.set(said), _UNTIL_S.set(until_s)
    try:
        yield said
    finally:
        _SAID.reset(tokens[0])
        _UNTIL_S.reset(tokens[1])
