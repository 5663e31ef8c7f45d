"""The few numbers that a run comes down to."""

from __future__ import annotations

from typing import Any

from p2pkd.analysis.io.readable import count, joules, seconds, size, work
from p2pkd.analysis.io.run_data import RunData
from p2pkd.analysis.measures.scores import score_rows
from p2pkd.analysis.measures.troubles import in_short

REFERENCE = {
    "preloaded": "preloaded (not charged)",
    "download": "downloaded by every agent (charged)",
}


def headline(result: RunData) -> list[tuple[str, str]]:
    """Return names and values, as text with units."""
    total = result.summary
    trouble = in_short(total)
    delivered, *others = score_rows(result)
    return [
        delivered,
        *([("Models", trouble)] if trouble else []),
        *others,
        ("On the wire", size(total.get("wire_bytes"))),
        ("Payload of all sent", size(total.get("payload_bytes"))),
        ("Reference set", _reference(result)),
        ("Simulated time", seconds(total.get("simulated_s"))),
        ("Energy", _energy(total)),
        ("Gradient steps", _steps(total)),
        ("Computation", work(total.get("flops"))),
        ("Messages", _messages(result)),
    ]


def _steps(total: dict[str, Any]) -> str:
    """Return the gradient steps, and what else was done to models."""
    text = count(total.get("gradient_steps"))
    if total.get("distill_steps"):
        text += f", {count(total['distill_steps'])} of them distilling"
    return text + (f"; {count(total['merges'])} merges" if total.get("merges") else "")


def _energy(total: dict[str, Any]) -> str:
    parts = ("compute", "radio", "idle")
    split = ", ".join(f"{joules(total.get(f'{part}_energy_j'))} {part}" for part in parts)
    return f"{joules(total.get('energy_j'))} ({split})"


def _reference(result: RunData) -> str:
    delivery = str(result.manifest.get("reference_set", "unknown"))
    setup = result.summary.get("setup_bytes") or 0
    text = REFERENCE.get(delivery, delivery)
    return f"{text}: {size(setup)}" if setup else text


def _messages(result: RunData) -> str:
    total = result.summary
    fates = ("delivered", "lost", "aborted", "in_flight")
    discarded = total.get("messages_discarded")
    not_finite = f"; {count(discarded)} not finite, not learned from" if discarded else ""
    parts = [
        f"{count(total[key])} {fate.replace('_', ' ')}"
        for fate in fates
        if total.get(key := f"messages_{fate}")
    ]
    return f"{count(total.get('messages_sent'))} sent: " + ", ".join(parts or ["none"]) + not_finite
