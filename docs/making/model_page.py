"""Tables of docs/model.md and of docs/presets.md."""

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
SIDES = ("server_accuracy", "agents_accuracy_mean")


def ladder(place: Path, results: Results) -> None:
    """Write the ladder's table, and what the same agents have alone."""
    rungs = [name for name in dict.fromkeys(results.frame["variant"]) if name != "nobody talks"]
    rows = [_rung(name, results.where(variant=name)) for name in rungs]
    head = ["rung", "accuracy", f"time to {100 * TARGET:.0f} %", "on the wire", "delivered",
            "mean delay"]  # fmt: skip
    replace_part(place / "docs/model.md", "ladder", table(head, rows))
    alone = results.where(variant="nobody talks").frame[ACCURACY]
    replace_part(place / "docs/model.md", "ladder-alone", spread(alone))


def looks(place: Path, results: Results) -> None:
    """Write accuracies and messages of choices that look at what is learned."""
    rows = []
    for name in dict.fromkeys(results.frame["variant"]):
        own = results.where(variant=name).frame
        accuracies = [spread(own[key]) for key in (ACCURACY, *OWN)]
        rows.append([name, *accuracies, count(own["messages_sent"].mean())])
    head = ["", "accuracy", "on own distribution", "on own classes", "messages"]
    replace_part(place / "docs/model.md", "looks", table(head, rows))


def reference(place: Path, results: Results) -> None:
    """Write what public rows of other kinds give, beside random ones."""
    kinds = list(dict.fromkeys(results.frame["data.reference"]))
    rows = []
    for kind in kinds:
        own = results.where(**{"data.reference": kind}).frame[ACCURACY]
        row = [kind, spread(own), ""]
        if kind != kinds[0]:
            gain = results.paired("data.reference", kinds[0], kind, ACCURACY)
            row[-1] = ", ".join(f"{100 * each:+.1f}" for each in gain.differences)
        rows.append(row)
    head = ["public rows", "accuracy", "against random, seed by seed"]
    replace_part(place / "docs/model.md", "reference", table(head, rows))


def one_bit(place: Path, results: Results) -> None:
    """Write accuracies of labels of one bit by warm-up, alone and float16 beside them."""
    rows = []
    for name in dict.fromkeys(results.frame["variant"]):
        frame = results.where(variant=name).frame
        ensemble = spread(frame["final_ensemble_accuracy"])
        rows.append([name, spread(frame[ACCURACY]), ensemble, size(frame["wire_bytes"].mean())])
    head = ["", "accuracy", "ensemble", "on the wire"]
    replace_part(place / "docs/model.md", "one-bit", table(head, rows))


def cache(place: Path, results: Results) -> None:
    """Write accuracies of server and clients, and bytes, by how long means are kept."""
    key = "method.gossip.protocol.cache"
    rows = []
    for kept in dict.fromkeys(results.frame[key]):
        frame = results.where(**{key: kept}).frame
        scores = [spread(frame[f"final_{name}"]) for name in SIDES]
        rows.append([str(kept), *scores, size(frame["wire_bytes"].mean())])
    head = ["cache", "server", "clients", "on the wire"]
    replace_part(place / "docs/presets.md", "cache", table(head, rows))


def _rung(name: str, runs: Results) -> list[str]:
    frame = runs.frame
    times = [cost_to_accuracy(run, TARGET, "time_s") for run in runs]
    reached = sum(times) / len(times)
    shown = "not by all seeds" if math.isnan(reached) else f"{reached:.0f} s"
    delivered = (frame["messages_delivered"] / frame["messages_sent"]).mean()
    delay = sum(map(_delay, runs)) / len(runs)
    wire = size(frame["wire_bytes"].mean())
    return [name, spread(frame[ACCURACY]), shown, wire, f"{100 * delivered:.1f} %",
            f"{delay:.2f} s"]  # fmt: skip


def _delay(run: Result) -> float:
    arrived = run.messages[run.messages["status"] == "delivered"]
    return float((arrived["ended_s"] - arrived["sent_s"]).mean())


def spread(values: object) -> str:
    """Return mean and standard deviation in per cent."""
    return f"{100 * values.mean():.1f} % ± {100 * values.std():.1f}"  # type: ignore[attr-defined]
