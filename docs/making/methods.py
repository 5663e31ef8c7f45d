"""The first table and the figure of docs/methods.md, from scenarios/studies/methods.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from ruamel.yaml import YAML

from making.markdown_parts import replace_part
from p2pkd.analysis.figures import style
from p2pkd.analysis.io.readable import size
from p2pkd.analysis.measures.budgets import Budget, accuracy_at
from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.measures.statistics import interval
from p2pkd.analysis.result import Result
from p2pkd.analysis.results import Results
from p2pkd.study.load import load_study

STUDY = Path(__file__).parents[2] / "scenarios" / "studies" / "methods.yaml"
BUDGETS = [Budget.parse(text) for text in ("1 MB", "10 min", "3300 steps", "final")]
ABOUT_ROWS = {"probabilities", "log_probabilities", "logits", "labels", "features", "relations",
              "attention_maps"}  # fmt: skip

# What a method delivers, by its score.
DELIVERED = {
    "agents": "each agent's model",
    "server": "the server's model",
    "average": "the agents' average",
    "ensemble": "the ensemble",
    "proxies": "the proxies",
}

JEONG = "with augmented data, 26 times fewer bytes at 95 to 98 % of FedAvg's accuracy"


class Method(NamedTuple):
    """What the scenario does not tell: bytes of a message, by formula, and the claim."""

    size: str
    claim: str = "-"


GROUPS: dict[str, dict[str, Method]] = {
    "controls": {
        "isolated": Method("0"),
        "isolated, one model": Method("0"),
        "self": Method("0"),
        "pooled": Method("0"),
    },
    "predictions, between peers": {
        "latest-labels": Method("4 R C"),
        "dml": Method("R (4 C + 4), both ways"),
        "fedmd": Method("4 R C", "20 % over no collaboration (10 agents)"),
        "ds-fl": Method("4 R C", "up to 99 % fewer bytes than FedAvg, accuracy similar or higher"),
        "one-bit": Method("at most R log2 C / 8 + 1"),
        "mean-logits": Method("4 R C"),
        "confident-labels": Method("2 R C"),
        "selective-labels": Method("2 R C"),
        "learned-weights": Method("4 R C"),
        "similar-peers": Method("4 R C + 4"),
        "offline-kd": Method("4 R C, once"),
    },
    "servers": {
        "fedmd-star": Method("4 R C, both ways", "20 % over no collaboration (10 agents)"),
        "ds-fl-star": Method("4 R C, both ways",
                             "up to 99 % fewer bytes than FedAvg, accuracy similar or higher"),
        "scarlet": Method("4 m C up, 4 m C + 4.25 R down, m of R rows being missing",
                          "up to 50 % fewer bytes than other distillation"),
        "cfd": Method("at most R log2 C / 8 + 1 up, 4 R C down",
                      "100 times fewer bytes than distillation, 10,000 than FedAvg"),
        "fd-star": Method("c (4 C + 4) up, 4 C^2 down", JEONG),
        "fedavg": Method("4 P, both ways"),
        "feddf": Method("4 P, both ways", "fewer rounds than any earlier technique"),
        "hierarchical": Method("4 P, both ways"),
    },
    "knowledge of classes": {
        "fd": Method("c (4 C + 4)", JEONG),
        "fedproto": Method("c (4 d + 4)", "better than several earlier ones"),
        "fedgen": Method("4 (generator + head + C)", "better than earlier ones in fewer rounds"),
    },
    "models that teach": {
        "codistillation": Method("4 P"),
        "def-kt": Method("4 P", "significantly better than averaging models"),
        "proxyfl": Method("4 P' + 4", "can be better than others with far less traffic"),
        "fml": Method("4 P' + 4"),
    },
    "models that are averaged": {
        "d-psgd": Method("4 P"),
        "ad-psgd": Method("4 P, both ways"),
        "sgp": Method("4 P + 4"),
        "epidemic": Method("4 P"),
        "gossip-learning": Method("4 P"),
        "choco": Method("0.8 P"),
    },
    "other objectives": {
        "response": Method("4 R C"),
        "multi_teacher": Method("4 R C"),
        "feature": Method("4 R d"),
        "relation": Method("2 R (R - 1)"),
        "graph": Method("8 k R"),
        "attention": Method("4 R H W"),
        "adversarial": Method("4 R C"),
        "quantised": Method("R C / 2"),
        "nas": Method("4 R C + 8"),
    },
}  # fmt: skip

# They are about other tasks, or take too long for a study: docs/tasks.md has their numbers.
OTHER_TASKS = (
    "cross_modal | soft_labels | R (2 C + 4) | 1.54 kB | latest_per_peer | paired | yes",
    "data_free | generator | 2 (generator + C) | 5.46 kB | latest_per_peer | no | yes",
    "lifelong | soft_labels | R (2 C + 4) | 1.54 kB | latest_per_peer | yes | yes",
)


def write(place: Path, results: Results) -> None:
    """Write table, figure and numbers at equal budgets."""
    runs: dict[str, list[Result]] = {}
    for label, run in zip(results.labels, results.runs, strict=True):
        runs.setdefault(str(label["variant"]), []).append(run)
    replace_part(place / "docs/methods.md", "methods", table(runs))
    figure(runs).savefig(place / "docs/img/methods.png", dpi=130)
    numbers = results.at(*(budget.text for budget in BUDGETS), against="isolated")
    numbers.to_csv(place / "docs/results/methods.csv", index=False)


def table(runs: dict[str, list[Result]]) -> str:
    """Return the table as Markdown, a row a method."""
    tuning = load_study(STUDY).tuning
    assert tuning is not None
    points = {p.labels["variant"]: p.loaded.scenario for p in tuning.samples()}
    head = ["method", "objective", "sent", "bytes a message", "here", "kept", "public set",
            "any architecture", "published claim", "delivers", "rate", "within 1 MB", "in 10 min",
            "in 3,300 steps", "at the end", "of it, own classes", "on the wire"]  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * 10 + "--:|" * 7]
    for group, methods in GROUPS.items():
        lines.append(f"| **{group}** |" + " |" * (len(head) - 1))
        for name, method in methods.items():
            here = bytes_a_message(runs[name])
            cells = [name, *_told(points[name], method, here), *_measured(runs[name], points[name])]
            lines.append("| " + " | ".join(cells) + " |")
    lines.append("| **on other tasks** |" + " |" * (len(head) - 1))
    lines += [f"| {cells.split()[0]} | {cells} |" + " - |" * 9 for cells in OTHER_TASKS]
    return "\n".join(lines)


def _told(scenario: Any, method: Method, here: str) -> list[str]:
    chosen = scenario.method
    silent = chosen.gossip.protocol.tag_value == "none"
    knowledge = chosen.send.knowledge
    proxied = getattr(knowledge, "part", None) == "proxy"
    about_rows = getattr(knowledge, "knowledge_type", "") in ABOUT_ROWS
    alike = knowledge.tag_value in ("weights", "feature_generator")
    self_taught = chosen.learn.tag_value == "self"
    return [
        chosen.learn.tag_value,
        "nothing" if silent else knowledge.tag_value + (" (proxy)" if proxied else ""),
        method.size,
        here,
        "-" if silent else chosen.memory.tag_value,
        "yes" if self_taught or (about_rows and not silent) else "no",
        "yes" if not alike or silent else "proxies alike" if proxied else "no",
        method.claim,
    ]


def _measured(runs: list[Result], scenario: Any) -> list[str]:
    columns = [[accuracy_at(run, budget).accuracy for run in runs] for budget in BUDGETS]
    own = [float(run.summary["final_own_classes_mean"] or "nan") for run in runs]
    wire = sum(float(run.summary["wire_bytes"]) for run in runs) / len(runs)
    return [
        DELIVERED[scenario.evaluate.score],
        " or ".join(dict.fromkeys(f"{_rate(run):g}" for run in runs)),
        *map(_percent, [*columns, own]),
        size(wire) if wire else "0",
    ]


def _rate(run: Result) -> float:
    """Return the learning rate that was chosen for the run's method."""
    rate: float = YAML(typ="safe").load(run.resolved_text)["method"]["learn"]["lr"]
    return rate


def _percent(values: list[float]) -> str:
    found = interval(values)
    return f"{100 * found.mean:.1f} ± {100 * found.std:.1f}"


def bytes_a_message(runs: list[Result]) -> str:
    """Return the mean payload of what was sent in *runs*; requests, which are empty, left out."""
    payloads = pd.concat([run.messages["payload_bytes"] for run in runs])
    payloads = payloads[payloads > 0]
    return size(float(payloads.mean())) if len(payloads) else "0"


def figure(runs: dict[str, list[Result]]) -> Figure:
    """Return accuracy over bytes, a panel a group; controls are lines in all of them."""
    drawn = Figure(figsize=(13, 7.6), layout="constrained")
    groups = [name for name in GROUPS if name != "controls"]
    panels = drawn.subplots(2, 3, sharex=True, sharey=True)
    for group, ax in zip(groups, panels.flat, strict=True):
        _panel(style.axes(ax), group, runs)
    for ax in panels[:, 0]:
        ax.set_ylabel("accuracy of what each delivers")
    for ax in panels[-1]:
        ax.set_xlabel("bytes on the wire, all agents together")
    return drawn


def _panel(ax: Axes, group: str, runs: dict[str, list[Result]]) -> None:
    ax.set_title(group, fontsize=style.FONT + 1, loc="left")
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: size(value)))
    ax.set_xlim(3e3, 4e7)
    ax.set_ylim(0.1, 1)
    style.percent(ax)
    style.grid(ax)
    for name in ("isolated", "pooled"):
        height = interval(float(r.summary["final_accuracy_mean"]) for r in runs[name]).mean
        ax.axhline(height, color=style.GREY, linestyle=":", linewidth=1)
        ax.text(3.3e3, height + 0.008, name, color=style.GREY, fontsize=style.FONT - 1.5)
    for name in ("latest-labels", "d-psgd"):
        if name not in GROUPS[group]:
            ax.plot(*_curve(runs[name]), color=style.LIGHT, linewidth=3, zorder=0)
    ends = []
    for number, name in enumerate(GROUPS[group]):
        x, y = _curve(runs[name])
        if x.empty:
            continue  # a method that has sent nothing by its end has no place over bytes
        colour, dash = style.look(number)
        ax.plot(x, y, color=colour, linestyle=dash, linewidth=1.4)
        ends.append(style.End(float(x.iloc[-1]), float(y.iloc[-1]), name, colour))
    style.label_points(ax, ends)


def _curve(runs: list[Result]) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return bytes and accuracy at each evaluation, means over seeds."""
    tables = [costs_over_time(run) for run in runs]
    mean = pd.concat(tables).groupby("time_s").mean()
    mean = mean[mean["wire_bytes"] > 0]
    return mean["wire_bytes"], mean["accuracy_mean"]
