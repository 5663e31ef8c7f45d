"""What the page of a replay knows: a run's tables as columns of plain numbers."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from p2pkd.analysis.figures.network import positions
from p2pkd.analysis.result import Result

# More messages than this are told in groups (see `_grouped`); the page says so.
MESSAGES = 200_000
# Groups are of so many stretches of time.
STRETCHES = 400


def replay_data(result: Result) -> dict[str, Any]:
    """Return what the page shows, JSON-safe: unknown numbers are None, times in seconds."""
    agents = result.agents.sort_values("agent")
    messages, grouped = _grouped(result.messages)
    return {
        "name": result.name,
        "seed": result.seed,
        "notes": [*result.warnings, *result.notes],
        "end": float(result.summary.get("simulated_s") or 0),
        "grouped": grouped,
        "at": _places(result, len(agents)),
        "edges": [] if result.topology is None else result.topology["edges"],
        "agents": {
            "name": [str(name) for name in agents["node"]],
            "device": [str(name) for name in agents["device"]],
            "model": [str(name) for name in agents["model"]],
            **{key: _numbers(agents[key]) for key in ("agent", "private_rows", "neighbours")},
            "diverged": _numbers(agents["diverged_s"]) if "diverged_s" in agents else [],
        },
        "messages": {
            **_coded(messages, "kind"),
            **_coded(messages, "status"),
            "from": _numbers(messages["sender"]),
            "to": _numbers(messages["receiver"]),
            "start": _numbers(messages["sent_s"]),
            "stop": _numbers(messages["ended_s"]),
            "bytes": _numbers(messages["wire_bytes"]),
            "count": _numbers(messages["count"]) if grouped else [],
        },
        "compute": _table(
            result.compute.sort_values("started_s", kind="stable"),
            {"agent": "agent", "start": "started_s", "stop": "ended_s", "energy": "energy_j"},
        ),
        "evaluations": _table(
            result.evaluations.sort_values("time_s", kind="stable"),
            {"time": "time_s", "agent": "agent", "accuracy": "accuracy"},
        ),
        "presence": _table(
            result.presence.sort_values("time_s", kind="stable"),
            {"time": "time_s", "agent": "agent", "online": "online"},
        ),
        "population": _table(
            result.population.sort_values("time_s", kind="stable"),
            {"time": "time_s", "mean": "accuracy_mean", "std": "accuracy_std"},
        ),
    }


def _grouped(messages: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Return the messages by time sent; too many as groups alike in ends, kind, fate and stretch.

    Bytes of a group are summed, times are its first start and mean duration: books still balance.
    """
    messages = messages.sort_values(["sent_s", "message"], kind="stable")
    if len(messages) <= MESSAGES:
        return messages, False
    width = max(float(messages["ended_s"].max()) / STRETCHES, 1e-9)
    table = messages.assign(
        stretch=(messages["sent_s"] // width).astype(int),
        took=messages["ended_s"] - messages["sent_s"],
        kind=messages["kind"].astype(str),
        status=messages["status"].astype(str),
    )
    groups = table.groupby(["stretch", "sender", "receiver", "kind", "status"], as_index=False).agg(
        sent_s=("sent_s", "min"),
        took=("took", "mean"),
        wire_bytes=("wire_bytes", "sum"),
        count=("took", "size"),
    )
    groups["ended_s"] = groups["sent_s"] + groups["took"]
    return groups.sort_values("sent_s", kind="stable"), True


def _places(result: Result, n: int) -> list[list[float]]:
    graph = result.topology
    if graph is None:
        angle = np.arange(n) * 2 * np.pi / max(n, 1)
        at = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    else:
        at = positions(graph)
    return [[round(float(x), 5), round(float(y), 5)] for x, y in at]


def _table(frame: pd.DataFrame, names: dict[str, str]) -> dict[str, Any]:
    table: dict[str, Any] = {key: _numbers(frame[column]) for key, column in names.items()}
    return {**table, **_coded(frame, "kind")} if "kind" in frame else table


def _coded(frame: pd.DataFrame, column: str) -> dict[str, Any]:
    """Return a column of words as numbers, and the words they stand for."""
    codes, words = pd.factorize(frame[column].astype(str), sort=True)
    return {column: codes.tolist(), f"{column}s": [str(word) for word in words]}


def _numbers(column: pd.Series[Any]) -> list[float | int | None]:
    values = column.tolist()
    return [_short(value) for value in values]


def _short(value: Any) -> float | int | None:
    if isinstance(value, bool | int):
        return int(value)
    if value is None or not isfinite(value):
        return None
    number = round(float(value), 5)
    return int(number) if number.is_integer() else number
