"""What is worth knowing about an input that can be used: said once, by whoever collects it.

A reader calls `remark`; whoever builds a world listens with `collecting`, so that builders, those
of other packages too, need no further argument.  Without a listener nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_SAID: ContextVar[list[str] | None] = ContextVar("remarks", default=None)


def remark(text: str) -> None:
    """Tell whoever listens *text*, a sentence without a full stop; the same only once."""
    said = _SAID.get()
    if said is not None and text not in said:
        said.append(text)


@contextmanager
def collecting() -> Iterator[list[str]]:
    """Yield the list that is filled with what is remarked meanwhile."""
    said: list[str] = []
    token = _SAID.set(said)
    try:
        yield said
    finally:
        _SAID.reset(token)
