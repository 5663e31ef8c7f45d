"""Tables of docs/model.md and docs/tasks.md."""

from __future__ import annotations

import math
from pathlib import Path

from making.markdown_parts import replace_part, table
from p2pkd.analysis.io.readable import count, size
from p2pkd.analysis.measures.communication import cost_to_accuracy
from p2pkd.analysis.result import Result
from p2pkd.analysis.results import Results

TARGET = 0.75
ACCURACY = "final_accuracy_mean"
OWN = ("final_own_distribution_mean", "final_own_classes_mean")
REMARKS = {
    "methods/objective-cross-modal": (
        "learning from the *other* modality alone (`teachers: others`) gives 51.3 % ± 2.0"
    ),
    "methods/objective-data-free": (
        "the fits take 37 times the energy of private training; without the term of activations "
        "(`activation: 0`) 52.9 %, seed 0; after a smaller fit (30 `steps` of 32 rows) 61.1 % with "
        "it, 52.2 % without, same seed"
    ),
    "methods/objective-nas": (
        "`response` at fixed width: 83.5 % ± 0.7 for half the energy of computing"
    ),
    "methods/preset-fedgen": (
        "8 agents, 20 minutes (`duration`); without a common start of all models -0.7"
    ),
    "tasks/domain-adaptation": (
        "without `warm_up` no gain (44.8 % ± 4.8): agents at 40 degrees win, those at 20 degrees "
        "lose"
    ),
    "tasks/class-stream": (
        "elastic weights (`lifelong`, strength 5000) add nothing here: 37.5 % ± 5.2"
    ),
    "tasks/drift": "the window slides on; classes do not return",
}
"""Numbers in here are of runs that no study has: the result `remarks` of `made.py`."""


def ladder(place: Path, results: Results) -> None:
    """Write the ladder's table, and what the same agents have alone."""
    rungs = [name for name in dict.fromkeys(results.frame["variant"]) if name != "nobody talks"]
    rows = [_rung(name, results.where(variant=name)) for name in rungs]
    head = ["rung", "accuracy", f"time to {100 * TARGET:.0f} %", "on the wire", "delivered",
            "mean delay"]  # fmt: skip
    replace_part(place / "docs/model.md", "ladder", table(head, rows))
    alone = results.where(variant="nobody talks").frame[ACCURACY]
    replace_part(place / "docs/model.md", "ladder-alone", _spread(alone))


def looks(place: Path, results: Results) -> None:
    """Write accuracies and messages of choices that look at what is learned."""
    rows = []
    for name in dict.fromkeys(results.frame["variant"]):
        own = results.where(variant=name).frame
        accuracies = [_spread(own[key]) for key in (ACCURACY, *OWN)]
        rows.append([name, *accuracies, count(own["messages_sent"].mean())])
    head = ["", "accuracy", "on own distribution", "on own classes", "messages"]
    replace_part(place / "docs/model.md", "looks", table(head, rows))


def tasks(place: Path, results: Results) -> None:
    """Write accuracy with peers and alone, and the gain seed by seed."""
    rows = []
    for name in dict.fromkeys(results.frame["variant"]):
        own = results.where(variant=name)
        sides = [own.where(method=side).frame[ACCURACY] for side in ("with peers", "isolated")]
        gain = own.paired("method", "isolated", "with peers", ACCURACY)
        low, high = 100 * gain.differences.min(), 100 * gain.differences.max()
        rows.append([f"`{name}`", *map(_spread, sides), f"{low:+.1f} to {high:+.1f}",
                     REMARKS.get(name, "")])  # fmt: skip
    head = ["scenario", "with peers", "isolated", "gain by seed, points", "remarks"]
    replace_part(place / "docs/tasks.md", "tasks", table(head, rows))


def _rung(name: str, runs: Results) -> list[str]:
    frame = runs.frame
    times = [cost_to_accuracy(run, TARGET, "time_s") for run in runs]
    reached = sum(times) / len(times)
    shown = "not by all seeds" if math.isnan(reached) else f"{reached:.0f} s"
    delivered = (frame["messages_delivered"] / frame["messages_sent"]).mean()
    delay = sum(map(_delay, runs)) / len(runs)
    wire = size(frame["wire_bytes"].mean())
    return [name, _spread(frame[ACCURACY]), shown, wire, f"{100 * delivered:.1f} %",
            f"{delay:.2f} s"]  # fmt: skip


def _delay(run: Result) -> float:
    arrived = run.messages[run.messages["status"] == "delivered"]
    return float((arrived["ended_s"] - arrived["sent_s"]).mean())


def _spread(values: object) -> str:
    return f"{100 * values.mean():.1f} % ± {100 * values.std():.1f}"  # type: ignore[attr-defined]
