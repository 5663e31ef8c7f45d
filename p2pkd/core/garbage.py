"""Python's garbage collector, kept from looking at a whole run again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A run's objects die by reference counting; cycles are few.  These are new objects before a look at
# the young ones, and looks before one at the middle-aged and at all.
_THRESHOLDS = (200_000, 20, 20)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect seldom, and never what was there before; as it was when the context ends.

    By default each 700 new objects, and a run has as many in a few messages.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
