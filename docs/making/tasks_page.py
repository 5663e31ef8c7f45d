"""The table of docs/tasks.md, with its remarks."""

from __future__ import annotations

from pathlib import Path

from making.markdown_parts import replace_part, table
from making.model_page import ACCURACY, spread
from p2pkd.analysis.results import Results

REMARKS = {
    "methods/objective-cross-modal": (
        "learning from the *other* modality alone (`teachers: others`) gives "
        "{cross-modal, others alone}"
    ),
    "methods/objective-data-free": (
        "without the term of activations (`activation: 0`) {data-free, no activation}"
    ),
    "methods/objective-nas": (
        "`response` at fixed width: {response}; with `price: 0.1` {nas, dear}"
    ),
    "methods/preset-fedgen": (
        "8 agents, 20 minutes (`duration`); without a common start {fedgen, apart}"
    ),
    "tasks/domain-adaptation": (
        "without `warm_up` {adaptation, no warm-up}; with a threshold on confidence (0.7) in its "
        "place {adaptation, confidence}"
    ),
    "tasks/class-stream": (
        "with elastic weights (`lifelong`, strength 5000) {class-stream, lifelong}"
    ),
    "tasks/drift": "the window slides on; classes do not return",
}


def write(place: Path, results: Results, remarks: Results) -> None:
    """Write accuracy with peers and alone, and the gain seed by seed."""
    quoted = {name: spread(remarks.where(variant=name).frame[ACCURACY]) for name in _names(remarks)}
    rows = []
    for name in _names(results):
        own = results.where(variant=name)
        sides = [own.where(method=side).frame[ACCURACY] for side in ("with peers", "isolated")]
        gain = own.paired("method", "isolated", "with peers", ACCURACY)
        low, high = 100 * gain.differences.min(), 100 * gain.differences.max()
        remark = REMARKS.get(name, "").format_map(quoted)
        rows.append([f"`{name}`", *map(spread, sides), f"{low:+.1f} to {high:+.1f}", remark])
    head = ["scenario", "with peers", "isolated", "gain by seed, points", "remarks"]
    replace_part(place / "docs/tasks.md", "tasks", table(head, rows))


def _names(results: Results) -> list[str]:
    return list(dict.fromkeys(results.frame["variant"]))
