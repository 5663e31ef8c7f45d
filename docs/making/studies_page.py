"""Tables and figures of docs/studies.md, and docs/results/."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from making.markdown_parts import points, replace_part, table
from p2pkd.analysis.figures.resources import plot_staleness
from p2pkd.analysis.figures.search import plot_load
from p2pkd.analysis.figures.studies import plot_pareto, plot_relation
from p2pkd.analysis.io.readable import joules, percent, seconds, size
from p2pkd.analysis.measures.communication import cost_to_accuracy
from p2pkd.analysis.measures.resources import resources_by_agent
from p2pkd.analysis.measures.settings import load_over_mean, with_settings
from p2pkd.analysis.measures.topology import topology_measures
from p2pkd.analysis.result import Result
from p2pkd.analysis.results import Results

PAGE = "docs/studies.md"
ACCURACY, DISAGREEMENT = "final_accuracy_mean", "final_disagreement"
PROTOCOL = "method.gossip.protocol"


def topology(place: Path, results: Results) -> None:
    """Write what graphs gain over the ring, and both figures."""
    results = with_settings(results)
    _csv(place, "topology", results, ["topology", "agents"], ACCURACY)
    replace_part(place / PAGE, "topology", over_the_ring(results))
    gap = results.measure(spectral_gap=lambda run: topology_measures(run).spectral_gap)
    axes = plot_relation(gap, "spectral_gap", ACCURACY, "topology", "agents")
    _save(place, "topology-gap", axes)
    _save(place, "topology-hub", plot_load(load_over_mean(results), "topology"))


def over_the_ring(results: Results) -> str:
    """Return differences to the ring, by size and over all pairs, the best first."""
    sizes = list(dict.fromkeys(results.frame["agents"]))
    lines = []
    for graph in dict.fromkeys(results.frame["topology"]):
        if graph == "ring":
            continue
        found = results.paired("topology", "ring", graph, ACCURACY)
        each = [
            results.where(agents=n).paired("topology", "ring", graph, ACCURACY).mean for n in sizes
        ]
        whole = f"{100 * found.mean:+.1f} ({points(found.low, found.high)})"
        lines.append((found.mean, [graph, *(f"{100 * mean:+.1f}" for mean in each), whole]))
    pairs = len(results.where(topology="ring"))
    head = ["against the ring, in points", *(f"{n} agents" for n in sizes), f"all {pairs} pairs"]
    return table(head, [line for _, line in sorted(lines, key=lambda each: -each[0])])


def communication(place: Path, results: Results) -> None:
    """Write accuracy for the bytes."""
    _csv(place, "communication", results, ["variant", PROTOCOL], ACCURACY)
    replace_part(place / PAGE, "communication", payloads(results))
    _save(place, "communication-pareto", plot_pareto(results, ["variant", PROTOCOL]))


def payloads(results: Results) -> str:
    """Return a row for each kind of payload."""
    lines = []
    for variant in dict.fromkeys(results.frame["variant"]):
        own = results.where(variant=variant)
        kinds = dict.fromkeys(own.frame[PROTOCOL])
        by = {kind: own.where(**{PROTOCOL: kind}) for kind in kinds}
        first = by.get("push") or own
        pulled = percent(by["push_pull"].frame[ACCURACY].mean()) if "push_pull" in by else ""
        wire = first.frame["wire_bytes"].mean()
        lines.append([variant, percent(first.frame[ACCURACY].mean()), pulled,
                      size(wire) if wire else "0", _to(first, 0.75)])  # fmt: skip
    head = ["sent", "accuracy by push", "by push-pull", "on the wire by push", "to 75 % by push"]
    return table(head, lines)


def resources(place: Path, results: Results) -> None:
    """Write what devices were busy with, and how old knowledge was."""
    _csv(place, "resources", results, ["devices", PROTOCOL], ACCURACY)
    replace_part(place / PAGE, "resources", devices(results))
    _save(place, "resources-staleness", plot_staleness(with_settings(results), "setting"))


def devices(results: Results) -> str:
    """Return a row for each mix of devices."""
    lines = []
    for mix in dict.fromkeys(results.frame["devices"]):
        own = results.where(devices=mix)
        busy = [float(resources_by_agent(run)["computing"].max()) for run in own]
        accuracies = own.frame.groupby(PROTOCOL, sort=False)[ACCURACY].mean()
        energy = own.frame.groupby(PROTOCOL, sort=False)["energy_j"].mean()
        turns = [_turns_of_slowest(run) for run in own]
        lines.append([mix, _range(busy, percent), _range(turns, percent),
                      _range(energy.tolist(), joules),
                      ", ".join(map(percent, accuracies))])  # fmt: skip
    names = ", ".join(dict.fromkeys(results.frame[PROTOCOL]))
    head = ["devices", "busiest processor", "turns of the slowest", "energy", f"accuracy: {names}"]
    return table(head, lines)


def _turns_of_slowest(run: Result) -> float:
    """Return which share of its turns the group of devices takes that takes fewest."""
    done = run.agents.groupby("device")[["turns", "turns_asked"]].sum()
    return float((done["turns"] / done["turns_asked"]).min())


def spectral_gap(place: Path, results: Results) -> None:
    """Write disagreement over the gap."""
    keys = ["variant", "topology"]
    _csv(place, "spectral-gap", results, keys, ACCURACY)
    _csv(place, "spectral-gap-disagreement", results, keys, DISAGREEMENT)
    gap = results.measure(spectral_gap=lambda run: topology_measures(run).spectral_gap)
    replace_part(place / PAGE, "spectral-gap", disagreement(gap))
    axes = plot_relation(gap, "spectral_gap", DISAGREEMENT, "topology", "variant")
    _save(place, "spectral-gap", axes)


def disagreement(results: Results) -> str:
    """Return a row a graph: its gap, and each method's disagreement with its interval."""
    found = results.group(["topology", "variant"], DISAGREEMENT)
    gaps = results.frame.groupby("topology", sort=False)["spectral_gap"].mean()
    variants = list(dict.fromkeys(results.frame["variant"]))
    lines = []
    for graph, gap in gaps.items():
        cells = [found.loc[(graph, variant)] for variant in variants]
        shown = [f"{percent(c['mean'])} ({points(c['low'], c['high'])})" for c in cells]
        lines.append([str(graph), f"{gap:.2f}", *shown])
    return table(["disagreement", "gap", *variants], lines)


def _csv(place: Path, name: str, results: Results, keys: list[str], metric: str) -> None:
    frame: pd.DataFrame = results.group(keys, metric).reset_index()
    (place / "docs/results").mkdir(parents=True, exist_ok=True)
    frame.to_csv(place / f"docs/results/{name}.csv", index=False)


def _save(place: Path, name: str, axes: object) -> None:
    (place / "docs/img").mkdir(parents=True, exist_ok=True)
    axes.get_figure(root=True).savefig(  # type: ignore[attr-defined]
        place / f"docs/img/{name}.png", dpi=140
    )


def _to(results: Results, target: float) -> str:
    """Return the bytes and the time to *target*, means over seeds that all reached it."""
    spent = [cost_to_accuracy(run, target) for run in results]
    times = [cost_to_accuracy(run, target, "time_s") for run in results]
    reached = [value for value in times if value == value]
    if len(reached) < len(times):
        return f"by {len(reached)} of {len(times)} seeds" if reached else "never"
    n = len(times)
    return f"{size(sum(spent) / n)}, {seconds(sum(times) / n)}"


def _range(values: list[float], text: object) -> str:
    low, high = text(min(values)), text(max(values))  # type: ignore[operator]
    return low if low == high else f"{low} to {high}"
