"""The tables of a report, as text that is ready to print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


Column = tuple[str, Callable[[Any], str]]
"""The key of a row, and how its value is written."""


def table_of(
    caption: str,
    first: str | Sequence[str],
    rows: Iterable[tuple[Any, Any]],
    columns: Mapping[str, Column],
) -> Table:
    """Return a table of *rows*, pairs of a name (or several) and a mapping or series of values.

    *first* is what stands over the names, and *columns* has what stands over each other column.
    """
    shown = [
        [*([name] if isinstance(first, str) else name)]
        + [show(row[key]) for key, show in columns.values()]
        for name, row in rows
    ]
    head = [*([first] if isinstance(first, str) else first), *columns]
    return Table(caption, head, [[str(cell) for cell in row] for row in shown])


def communication_table(result: Result) -> Table:
    """Return wire bytes split by what they were."""
    parts = split_bytes(result)
    if len(parts) > 1:
        parts.loc["all"] = parts.sum()
    columns = {name.replace("_", " "): (name, size) for name in parts.columns}
    caption = (
        "Bytes on the wire by what they were. Payload and headers are those of delivered messages; "
        f"aborted and in flight count what crossed. {_reference(result)}"
    )
    columns = {"headers" if head == "header" else head: c for head, c in columns.items()}
    return table_of(caption, "kind", parts.iterrows(), columns)


DEVICES: dict[str, Column] = {
    "agents": ("agents", count), "accuracy": ("accuracy", percent), "sent": ("wire_bytes", size),
    "received": ("received_bytes", size), "energy": ("energy_j", joules),
    "computing": ("computing", percent), "train steps": ("train_steps", count),
    "distil steps": ("distill_steps", count), "merges": ("merges", count),
    "computed": ("flops", work),
}  # fmt: skip


def device_table(result: Result) -> Table:
    """Return who paid, per device group."""
    caption = (
        "Device groups; means per agent, accuracy of own models. Computing is the share of time "
        "online."
    )
    return table_of(caption, "device", by_device(result).iterrows(), DEVICES)


def group_tables(result: Result) -> list[Table]:
    """Return final accuracy by view and by task, where agents differ in these."""
    captions = {
        "view": "Accuracy by what agents see (`data.views`).",
        "task": "Accuracy by task (`data.tasks`), each on its own rows and labels.",
    }
    columns = {"agents": ("agents", count)}
    columns |= {name: (name, percent) for name in ("accuracy", "worst", "best")}
    return [
        table_of(captions[what], what, by_group(result, what).iterrows(), columns)
        for what in result.manifest.get("groups") or {}
    ]


def break_even_table(result: Result) -> Table | None:
    """Return below how many rows soft labels are cheaper than weights, per model."""
    table = break_even(result)
    if table is None:
        return None
    caption = (
        "Break-even R* = P / C: a message of fewer rows of soft labels is smaller than the "
        f"model's P parameters, with C = {result.manifest['classes']} classes and as many bytes a "
        "number."
    )
    heads = ("agents", "parameters P", "R*", "rows sent")
    columns = {head: (key, count) for head, key in zip(heads, table.columns, strict=True)}
    return table_of(caption, "model", table.iterrows(), columns)


AGENTS: dict[str, Column] = {
    "device": ("device", str), "model": ("model", str), "private rows": ("private_rows", count),
    "neighbours": ("neighbours", count), "accuracy": ("accuracy", percent),
    "sent": ("messages_sent", count), "lost": ("messages_lost", count),
    "received": ("messages_received", count), "wire": ("wire_bytes", size),
    "energy": ("energy_j", joules), "computing": ("computing", percent), "steps": ("steps", str),
    "merges": ("merges", count),
}  # fmt: skip


def agent_table(result: Result) -> Table:
    """Return the agents, at most `AGENT_ROWS` of them."""
    agents = result.agents
    more = f" The first {AGENT_ROWS} of {len(agents)}." if len(agents) > AGENT_ROWS else ""
    caption = (
        "Agents, each with its own model's accuracy. Sent, lost and received are messages; wire "
        f"is what an agent's messages put on links; steps are private + distilling.{more}"
    )
    rows = [_agent(agent) for agent in agents.head(AGENT_ROWS).to_dict("records")]
    return table_of(caption, "agent", rows, AGENTS)


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
    caption = (
        "Final values; accuracy is that of what each method delivers, its score, ± the standard"
        " deviation over agents where that is a mean over them; beside it all other scores and the"
        f" accuracies on agents' own classes and distribution. Scores: {_scores(frame)}."
    )
    others = {name: (key, percent) for name, key in BESIDE.items() if frame[key].notna().any()}
    columns: dict[str, Column] = {
        "status": ("status", str), "seed": ("seed", str), "score": ("score", str),
        "accuracy": ("accuracy", percent), "± agents": ("accuracy_std", percent), **others,
        "wire": ("wire_bytes", size), "payload": ("payload_bytes", size),
        "reference set": ("reference_set", str), "simulated": ("simulated_s", seconds),
        "energy": ("energy_j", joules), "gradient steps": ("gradient_steps", count),
        "distilling": ("distill_steps", count), "merges": ("merges", count),
        "computed": ("flops", work),
    }  # fmt: skip
    rows = [(name, {**row, "reference_set": _charged(row)}) for name, row in frame.iterrows()]
    return table_of(caption, "run", rows, columns)


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


def _charged(row: pd.Series[Any]) -> str:
    """Return how a run's reference set came, and its bytes where they were charged."""
    setup = row["setup_bytes"] or 0
    return str(row["reference_set"]) + (f" {size(setup)}" if setup else "")


def _agent(agent: dict[Any, Any]) -> tuple[str, dict[Any, Any]]:
    online = agent["online_s"]
    more = {
        "computing": agent["computing_s"] / online if online else None,
        "steps": f"{count(agent['train_steps'])} + {count(agent['distill_steps'])}",
        "merges": agent.get("merges"),
    }
    return agent["node"], {**agent, **more}


def _reference(result: Result) -> str:
    if result.manifest.get("reference_set") == "download":
        setup = size(result.summary.get("setup_bytes"))
        return f"The reference set was downloaded by every agent: {setup} on top of these."
    return "The reference set was preloaded: its bytes are not charged."


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flat(item)}" for key, item in value.items())
    return str(value)
