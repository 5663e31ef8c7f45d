"""Keeping freed memory for the next call."""

from __future__ import annotations

import ctypes
import functools
import os

# Of malloc.h.  glibc allows at most 32 MiB for the first.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_BLOCK, _KEPT = 32 << 20, 512 << 20


@functools.cache
def keep_freed_memory() -> bool:
    """Ask glibc not to give freed blocks back to the kernel; return whether it agreed.

    For processes that do nothing else: it cannot be undone, and so is not a library's to do.

    A group's tables are a MiB or so each.  By default many such blocks are unmapped when freed, and
    their pages are faulted in again by the next call, which took more time than the arithmetic.
    Settings of the user's own (``MALLOC_...`` in the environment) are left alone.
    """
    if any(name in os.environ for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _BLOCK)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT))
