"""What this machine has."""

from __future__ import annotations

import math
import os


def memory_bytes() -> float:
    """Return how much memory this machine has, inf where the system does not tell."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def too_large(size_bytes: float) -> str | None:
    """Return ``4 TB, and this machine has 16 GB of memory``; None where *size_bytes* fit."""
    most = memory_bytes()
    if size_bytes <= most:
        return None
    return f"{size_bytes / 1e9:,.3g} GB, and this machine has {most / 1e9:.3g} GB of memory"
