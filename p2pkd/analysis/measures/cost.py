"""What accuracy costs, and which method gives the most for it; beside `communication`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from p2pkd.analysis.io.run_data import RunData
from p2pkd.analysis.measures.budgets import Budget, accuracy_at
from p2pkd.analysis.measures.communication import cost_to_accuracy, costs_over_time
from p2pkd.analysis.measures.compare import labels
from p2pkd.analysis.measures.statistics import gini, jain
from p2pkd.core.scores import short

MB = 1e6
SPENT = ("wire_bytes", "time_s", "energy_j")
ESTIMATED = ("messages_sent", "payload_bytes", "wire_bytes", "energy_j", "train_steps",
             "distill_steps", "merges", "flops", "simulated_s")  # fmt: skip


def to_target(result: RunData, target: float) -> dict[str, float]:
    """Return bytes, seconds and joules spent when the run's score first reached *target*.

    nan where it never did.
    """
    return {cost: cost_to_accuracy(result, target, cost) for cost in SPENT}


def marginal_accuracy(result: RunData) -> pd.DataFrame:
    """Return what each further megabyte bought, a row per stretch between evaluations.

    Columns ``wire_bytes`` (at its end) and ``accuracy_per_mb``, points of 1 a megabyte; stretches
    without traffic are left out.
    """
    table = costs_over_time(result)
    steps = table[["wire_bytes", "accuracy_mean"]].diff()
    gain = steps["accuracy_mean"] / (steps["wire_bytes"] / MB)
    found = pd.DataFrame({"wire_bytes": table["wire_bytes"], "accuracy_per_mb": gain})
    return found[steps["wire_bytes"] > 0].reset_index(drop=True)


def by_link(result: RunData) -> pd.DataFrame:
    """Return a row per pair of agents that exchanged messages, the busiest first.

    Columns ``sender``, ``receiver``, ``messages``, ``payload_bytes``, ``wire_bytes`` and
    ``seconds`` (mean from sending to the message's fate).
    """
    messages = result.messages.assign(
        seconds=result.messages["ended_s"] - result.messages["sent_s"]
    )
    groups = messages.groupby(["sender", "receiver"])
    table = groups[["payload_bytes", "wire_bytes"]].sum()
    table.insert(0, "messages", groups.size())
    table["seconds"] = groups["seconds"].mean()
    return table.sort_values("wire_bytes", ascending=False, kind="stable").reset_index()


def by_node(result: RunData) -> pd.DataFrame:
    """Return who paid: a row per agent with ``device``, ``neighbours``, ``wire_bytes``,
    ``received_bytes``, ``energy_j`` and ``accuracy``, indexed by agent.
    """
    columns = ["device", "neighbours", "wire_bytes", "received_bytes", "energy_j", "accuracy"]
    return result.agents.set_index("agent")[columns]


def pareto(table: pd.DataFrame, cost: str, gain: str) -> pd.Series:
    """Return which rows of *table* nobody beats: none costs less and gains as much, or more.

    Rows with nan in either column are not on the front.
    """
    costs, gains = table[cost].to_numpy(dtype=float), table[gain].to_numpy(dtype=float)
    usable = np.isfinite(costs) & np.isfinite(gains)
    front = [
        bool(usable[i])
        and not np.any(
            usable
            & (costs <= costs[i])
            & (gains >= gains[i])
            & ((costs < costs[i]) | (gains > gains[i]))
        )
        for i in range(len(table))
    ]
    return pd.Series(front, index=table.index, name="pareto")


def cost_table(
    results: Sequence[RunData], target: float | None = None, budget_bytes: float | None = None
) -> pd.DataFrame:
    """Return a row per run, indexed by label.

    ``accuracy``, of what ``score`` names; ``wire_bytes`` (a downloaded reference set included),
    ``simulated_s``, ``energy_j``, ``gradient_steps`` and ``flops`` in all; with *target*
    ``bytes_to_target``, ``seconds_to_target``, ``joules_to_target``; with *budget_bytes*
    ``accuracy_at_budget``; ``gini_bytes`` over agents (sent), ``fairness_accuracy`` (Jain, of the
    own models of those that learn); and ``pareto``, whether no run is both cheaper in bytes and
    more accurate.
    """
    rows = [_row(result, target, budget_bytes) for result in results]
    table = pd.DataFrame(rows, index=pd.Index(labels(results), name="run"))
    table["pareto"] = pareto(table, "wire_bytes", "accuracy")
    return table


def estimate_against_actual(dry: RunData, actual: RunData) -> pd.DataFrame:
    """Return what a dry run foretold beside what came out.

    Columns ``estimated``, ``actual`` and ``difference``, relative to the actual.  Where the
    timeline does not depend on learning, every difference is 0.
    """
    rows = {key: (dry.summary.get(key), actual.summary.get(key)) for key in ESTIMATED}
    table = pd.DataFrame(rows, index=["estimated", "actual"], dtype=float).T
    table["difference"] = table["estimated"] / table["actual"].where(table["actual"] != 0) - 1
    table.loc[table["estimated"] == table["actual"], "difference"] = 0.0  # also where there is none
    return table


def _row(result: RunData, target: float | None, budget: float | None) -> dict[str, object]:
    summary, agents = result.summary, result.agents
    row: dict[str, object] = {
        "score": short(summary),
        "accuracy": summary.get("final_accuracy_mean"),
        "wire_bytes": (summary.get("wire_bytes") or 0) + (summary.get("setup_bytes") or 0),
        "simulated_s": summary.get("simulated_s"),
        "energy_j": summary.get("energy_j"),
        "gradient_steps": summary.get("gradient_steps"),
        "flops": summary.get("flops"),
    }
    if target is not None:
        names = ("bytes_to_target", "seconds_to_target", "joules_to_target")
        row |= dict(zip(names, to_target(result, target).values(), strict=True))
    if budget is not None:
        row["accuracy_at_budget"] = accuracy_at(result, Budget.of_bytes(budget)).accuracy
    row["gini_bytes"] = gini(agents["wire_bytes"])
    row["fairness_accuracy"] = jain(agents.loc[agents["private_rows"] > 0, "accuracy"])
    return row
