"""The small table that a run ends with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from p2pkd.cli.progress import clock_text

_SIZES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0))


def summary_lines(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the table for a run's *manifest*."""
    rows = list(_rows(manifest["summary"], manifest))
    width = max(len(name) for name, _ in rows)
    yield from (f"{name:<{width}}  {value}" for name, value in rows)


def _rows(summary: dict[str, Any], manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    mean, spread = summary.get("final_accuracy_mean"), summary.get("final_accuracy_std")
    yield "accuracy", f"{percent(mean)} mean, {percent(spread)} standard deviation over agents"
    fates = ("delivered", "lost", "aborted", "in_flight")
    told = ", ".join(f"{summary[f'messages_{f}']:,} {f.replace('_', ' ')}" for f in fates)
    yield "messages", f"{summary['messages_sent']:,} sent: {told}"
    payload, wire = size(summary["payload_bytes"]), size(summary["wire_bytes"])
    reference = manifest.get("reference_set")
    note = f" (reference set: {reference})" if reference else ""
    yield "bytes", f"{payload} of knowledge, {wire} on the wire{note}"
    yield "energy", energy(summary["energy_j"])
    wall = manifest.get("wall_s")
    took = f" in {clock_text(wall)} of wall time" if wall is not None else ""
    yield "simulated", f"{clock_text(summary['simulated_s'])}{took}"
    yield "distillation", f"{summary['distill_steps']:,} steps"
    yield "fingerprint", str(summary["fingerprint"])


def percent(share: float | None) -> str:
    """Return a share in per cent, or a dash where there is none."""
    return "-" if share is None or math.isnan(share) else f"{100 * share:.1f} %"


def size(n_bytes: float) -> str:
    """Return bytes with three digits in a decimal unit."""
    unit, factor = next((u for u in _SIZES if n_bytes >= u[1]), _SIZES[-1])
    return f"{n_bytes / factor:.3g} {unit}" if factor > 1 else f"{n_bytes:.0f} B"


def energy(joules: float) -> str:
    """Return joules with three digits, and watt-hours where that says more."""
    if joules < 1e3:
        return f"{joules:.3g} J"
    return f"{joules / 1e3:,.4g} kJ ({joules / 3600:,.3g} Wh)"


def warnings(summary: dict[str, Any], teacher: str, *, dry_run: bool) -> Iterator[str]:
    """Yield what a user must not miss: a run in which nobody distilled anything.

    *teacher* is what the objective learns from; ``none`` for the controls, which are not meant to.
    """
    if dry_run:
        yield "dry run: the timeline alone; nothing was learned"
    elif not summary["distill_steps"] and teacher == "none":
        yield "note: a control; nothing was distilled, since the objective has no teacher"
    elif not summary["distill_steps"]:
        yield (
            "WARNING: NOTHING WAS EVER DISTILLED IN THIS RUN.  No agent learned from another:"
            " look at gossip.every, teachers.warm_up, memory.max_age and links.loss"
        )
