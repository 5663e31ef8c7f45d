"""The tables of a report, as text that is ready to print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from p2pkd.analysis.io.readable import count, joules, percent, seconds, size, work
from p2pkd.analysis.measures.communication import break_even, by_device, by_group, split_bytes
from p2pkd.analysis.measures.compare import compare
from p2pkd.analysis.result import Result
from p2pkd.core.scores import SCORES

# A page with more rows than this is no longer read.
AGENT_ROWS = 200


class Table(NamedTuple):
    """A caption, column heads and rows; the first column names the row."""

    caption: str
    head: list[str]
    rows: list[list[str]]


def communication_table(result: Result) -> Table:
    """Return wire bytes split by what they were."""
    parts = split_bytes(result)
    if len(parts) > 1:
        parts.loc["all"] = parts.sum()
    rows = [[kind, *map(size, values)] for kind, values in _rows(parts)]
    head = ["kind", "payload", "headers", "lost", "retransmitted", "aborted", "in flight", "total"]
    caption = (
        "Bytes on the wire by what they were. Payload and headers are those of delivered messages; "
        f"aborted and in flight count what crossed. {_reference(result)}"
    )
    return Table(caption, head, rows)


def device_table(result: Result) -> Table:
    """Return who paid, per device group."""
    head = [
        "device",
        "agents",
        "accuracy",
        "sent",
        "received",
        "energy",
        "computing",
        "train steps",
        "distil steps",
        "merges",
        "computed",
    ]
    formats = (count, percent, size, size, joules, percent, count, count, count, work)
    rows = [_formatted(name, values, formats) for name, values in _rows(by_device(result))]
    return Table(
        "Device groups; means per agent, accuracy of own models. Computing is the share of time "
        "online.",
        head,
        rows,
    )


def group_tables(result: Result) -> list[Table]:
    """Return final accuracy by view and by task, where agents differ in these."""
    captions = {
        "view": "Accuracy by what agents see (`data.views`).",
        "task": "Accuracy by task (`data.tasks`), each on its own rows and labels.",
    }
    head = ["agents", "accuracy", "worst", "best"]
    formats = (count, percent, percent, percent)
    return [
        Table(
            captions[what],
            [what, *head],
            [_formatted(name, values, formats) for name, values in _rows(by_group(result, what))],
        )
        for what in result.manifest.get("groups") or {}
    ]


def break_even_table(result: Result) -> Table | None:
    """Return below how many rows soft labels are cheaper than weights, per model."""
    table = break_even(result)
    if table is None:
        return None
    formats = (count, count, count, count)
    rows = [_formatted(name, values, formats) for name, values in _rows(table)]
    caption = (
        "Break-even R* = P / C: a message of fewer rows of soft labels is smaller than the "
        f"model's P parameters, with C = {result.manifest['classes']} classes and as many bytes a "
        "number."
    )
    return Table(caption, ["model", "agents", "parameters P", "R*", "rows sent"], rows)


def agent_table(result: Result) -> Table:
    """Return the agents, at most `AGENT_ROWS` of them."""
    agents = result.agents
    head = [
        "agent",
        "device",
        "model",
        "private rows",
        "neighbours",
        "accuracy",
        "sent",
        "lost",
        "received",
        "wire",
        "energy",
        "computing",
        "steps",
        "merges",
    ]
    rows = [_agent(agent) for agent in agents.head(AGENT_ROWS).to_dict("records")]
    more = f" The first {AGENT_ROWS} of {len(agents)}." if len(agents) > AGENT_ROWS else ""
    caption = (
        "Agents, each with its own model's accuracy. Sent, lost and received are messages; wire "
        f"is what an agent's messages put on links; steps are private + distilling.{more}"
    )
    return Table(caption, head, rows)


def provenance_table(result: Result) -> Table:
    """Return who ran what, where, when."""
    manifest = result.manifest
    versions = ", ".join(f"{name} {v}" for name, v in manifest.get("versions", {}).items())
    machine = manifest.get("machine", {})
    rows = [
        ["fingerprint", str(result.summary.get("fingerprint"))],
        ["status", result.status],
        ["seed", str(result.seed)],
        ["command", str(manifest.get("command"))],
        ["started, ended", f"{manifest.get('started_utc')}, {manifest.get('ended_utc')}"],
        ["wall time", seconds(manifest.get("wall_s"))],
        ["versions", versions],
        ["git commit", str(manifest.get("git_commit") or "not run from a checkout")],
        [
            "machine",
            f"{machine.get('system')} {machine.get('architecture')}, "
            f"{machine.get('cores')} cores, torch threads: {manifest.get('threads')}",
        ],
        ["execution", _flat(manifest.get("execution"))],
    ]
    return Table("Provenance.", ["", ""], rows)


def comparison_table(results: Sequence[Result]) -> Table:
    """Return the runs side by side."""
    frame = compare(results)
    others = [name for name in BESIDE if frame[BESIDE[name]].notna().any()]
    head = [
        "run",
        "status",
        "seed",
        "score",
        "accuracy",
        "± agents",
        *others,
        "wire",
        "payload",
        "reference set",
        "simulated",
        "energy",
        "gradient steps",
        "distilling",
        "merges",
        "computed",
    ]
    rows = [_compared(str(name), row, others) for name, row in frame.iterrows()]
    caption = (
        "Final values; accuracy is that of what each method delivers, its score, ± the standard"
        " deviation over agents where that is a mean over them; beside it all other scores and the"
        f" accuracies on agents' own classes and distribution. Scores: {_scores(frame)}."
    )
    return Table(caption, head, rows)


BESIDE = {
    "agents": "agents_accuracy",
    "server": "server_accuracy",
    "average": "average_accuracy",
    "ensemble": "ensemble_accuracy",
    "proxies": "proxies_accuracy",
    "own classes": "own_classes",
    "own distribution": "own_distribution",
}
"""What stands beside the score, as far as any run has it: head and column."""


def _scores(frame: pd.DataFrame) -> str:
    names = dict.fromkeys(str(score).partition(",")[0] for score in frame["score"])
    return "; ".join(f"{name}, the {SCORES.get(name, name)}" for name in names)


def _compared(name: str, row: pd.Series[Any], others: Sequence[str]) -> list[str]:
    setup = row["setup_bytes"] or 0
    reference = str(row["reference_set"]) + (f" {size(setup)}" if setup else "")
    return [
        name,
        str(row["status"]),
        str(row["seed"]),
        str(row["score"]),
        percent(row["accuracy"]),
        percent(row["accuracy_std"]),
        *(percent(row[BESIDE[other]]) for other in others),
        size(row["wire_bytes"]),
        size(row["payload_bytes"]),
        reference,
        seconds(row["simulated_s"]),
        joules(row["energy_j"]),
        count(row["gradient_steps"]),
        count(row["distill_steps"]),
        count(row["merges"]),
        work(row["flops"]),
    ]


def _agent(agent: dict[Any, Any]) -> list[str]:
    online = agent["online_s"]
    return [
        agent["node"] if agent["node"] != str(agent["agent"]) else str(agent["agent"]),
        agent["device"],
        agent["model"],
        count(agent["private_rows"]),
        count(agent["neighbours"]),
        percent(agent["accuracy"]),
        count(agent["messages_sent"]),
        count(agent["messages_lost"]),
        count(agent["messages_received"]),
        size(agent["wire_bytes"]),
        joules(agent["energy_j"]),
        percent(agent["computing_s"] / online if online else None),
        f"{count(agent['train_steps'])} + {count(agent['distill_steps'])}",
        count(agent.get("merges")),
    ]


def _rows(frame: pd.DataFrame) -> list[tuple[str, list[Any]]]:
    names, values = frame.index.astype(str), frame.to_numpy(dtype=float)
    return list(zip(names, values.tolist(), strict=True))


def _formatted(name: str, values: Sequence[Any], formats: Sequence[Any]) -> list[str]:
    return [name, *(show(value) for show, value in zip(formats, values, strict=True))]


def _reference(result: Result) -> str:
    if result.manifest.get("reference_set") == "download":
        setup = size(result.summary.get("setup_bytes"))
        return f"The reference set was downloaded by every agent: {setup} on top of these."
    return "The reference set was preloaded: its bytes are not charged."


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flat(item)}" for key, item in value.items())
    return str(value)
