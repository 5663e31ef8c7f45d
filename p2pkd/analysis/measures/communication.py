"""What communication costs, and what accuracy it buys.

One definition throughout: ``wire_bytes`` is all that crossed the senders' links, that is payload,
headers, retransmissions and the crossed part of aborted transfers.  A reference set that every
agent downloads is ``setup_bytes`` in the summary, apart from it; what a run had spent by some time,
which is what budgets are about, has both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from p2pkd.analysis.measures.troubles import diverged
from p2pkd.core.errors import ResultError
from p2pkd.core.records import ABORTED, DELIVERED, IN_FLIGHT, LOST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from p2pkd.analysis.io.run_data import RunData

COSTS = (
    "time_s", "wire_bytes", "payload_bytes", "gradient_steps", "flops", "compute_energy_j",
    "energy_j",
)  # fmt: skip


def costs_over_time(result: RunData) -> pd.DataFrame:
    """Return a row per evaluation: accuracy, and what all agents together had spent until then.

    Columns ``time_s``, ``accuracy_mean``, ``accuracy_std``, ``wire_bytes``, ``payload_bytes``,
    ``gradient_steps``, ``flops``, ``compute_energy_j``, ``energy_j``.  The accuracy is of what the
    method delivers, the run's score (`p2pkd.core.scores`).  A message is charged when its
    fate is known, a computation when it ends: its steps where it was completed, its FLOPs and
    joules in any case (`p2pkd.core.records.AgentRecord`); a reference set that was downloaded is in
    ``wire_bytes`` from the start.  ``energy_j`` is everything: computing, radios (in proportion to
    the bytes on the wire) and idling (in proportion to time), which come to the agents' totals.
    """
    population, messages, compute = result.population, result.messages, result.compute
    times = population["time_s"].to_numpy()
    sent, computed = messages["ended_s"].to_numpy(), compute["ended_s"].to_numpy()
    steps = compute["steps"].where(compute["completed"], 0)
    table = pd.DataFrame(
        {
            "time_s": times,
            "accuracy_mean": population["accuracy_mean"],
            "accuracy_std": population["accuracy_std"],
            "wire_bytes": _until(times, sent, messages["wire_bytes"].to_numpy()),
            "payload_bytes": _until(times, sent, messages["payload_bytes"].to_numpy()),
            "gradient_steps": _until(times, computed, steps.to_numpy()),
            "flops": _until(times, computed, compute["flops"].to_numpy()),
            "compute_energy_j": _until(times, computed, compute["energy_j"].to_numpy()),
        }
    )
    agents, summary = result.agents, result.summary
    radio = _share(table["wire_bytes"], messages["wire_bytes"].sum())
    idle = _share(table["time_s"], float(summary.get("simulated_s") or 0))
    table["energy_j"] = (
        table["compute_energy_j"]
        + radio * agents["radio_energy_j"].sum()
        + idle * agents["idle_energy_j"].sum()
    )
    table["wire_bytes"] += summary.get("setup_bytes") or 0
    return table


def cost_to_accuracy(result: RunData, target: float, cost: str = "wire_bytes") -> float:
    """Return what had been spent at the first evaluation with an accuracy of *target*.

    *cost* is one of `COSTS`.  nan if the target was never reached.
    """
    table = costs_over_time(result)
    reached = table.loc[table["accuracy_mean"] >= target, cost]
    return float(reached.iloc[0]) if len(reached) else float("nan")


def split_bytes(result: RunData) -> pd.DataFrame:
    """Return wire bytes by what they were, a row per kind of knowledge, in bytes.

    Columns: ``payload`` and ``header`` of delivered messages, ``lost`` (the last attempt of those
    given up), ``retransmitted``, ``aborted`` and ``in_flight`` (the part that crossed), and
    ``total``, their sum, which equals the sum of the messages' ``wire_bytes``.
    """
    messages = result.messages
    status = messages["status"].astype(str)
    crossed = messages["wire_bytes"] - messages["retransmitted_bytes"]
    delivered = status == DELIVERED
    parts = pd.DataFrame(
        {
            "payload": messages["payload_bytes"].where(delivered, 0),
            "header": messages["header_bytes"].where(delivered, 0),
            "lost": crossed.where(status == LOST, 0),
            "retransmitted": messages["retransmitted_bytes"],
            "aborted": crossed.where(status == ABORTED, 0),
            "in_flight": crossed.where(status == IN_FLIGHT, 0),
        }
    )
    parts["total"] = parts.sum(axis=1)
    return parts.groupby(messages["kind"].astype(str)).sum()


def by_device(result: RunData) -> pd.DataFrame:
    """Return who paid: a row per device group, numbers per agent (means).

    Columns: ``agents`` (how many), ``accuracy`` (of their own models), ``wire_bytes``,
    ``received_bytes``, ``energy_j``, ``computing`` (share of the time online), ``train_steps``,
    ``distill_steps``, ``merges``, ``flops``.  A group of which any agent has diverged has no
    accuracy.
    """
    agents = result.agents
    columns = ["accuracy", "wire_bytes", "received_bytes", "energy_j", "computing", "train_steps",
               "distill_steps", "merges", "flops"]  # fmt: skip
    table = agents.assign(
        device=agents["device"].astype(str),
        computing=agents["computing_s"] / agents["online_s"].where(agents["online_s"] > 0),
    ).reindex(columns=["device", *columns])  # runs of earlier versions lack some
    groups = table.groupby("device", sort=False)
    means = groups[columns].mean()
    means.insert(0, "agents", groups.size())
    lost = diverged(agents).groupby(table["device"], sort=False).any()
    means.loc[lost[lost].index, "accuracy"] = np.nan
    return means


def by_group(result: RunData, what: str) -> pd.DataFrame:
    """Return a row per ``view`` or ``task`` that agents have: their number and final accuracy.

    Columns: ``agents``, ``accuracy`` (mean), ``worst``, ``best``; nan where any of a group's agents
    has diverged.  Raise ResultError if agents do not differ in *what*.
    """
    groups = result.manifest.get("groups") or {}
    if what not in groups:
        have = " or ".join(groups) or "nothing"
        raise ResultError(f"{result.path}: agents do not differ in {what!r}; given {have}")
    agents = result.agents.set_index("agent")
    names = pd.Series(groups[what], name=what)
    accuracy = agents["accuracy"].groupby(names)
    lost = diverged(result.agents).groupby(names).any()
    table = pd.DataFrame(
        {"accuracy": accuracy.mean(), "worst": accuracy.min(), "best": accuracy.max()}
    )
    table[lost] = np.nan
    table.insert(0, "agents", accuracy.size())
    return table


def break_even_rows(parameters: int, classes: int) -> float:
    """Return R* = P / C: below so many rows, soft labels are smaller than the model's weights.

    Both at the same bytes a number; row numbers and headers not counted.
    """
    return parameters / classes


def break_even(result: RunData) -> pd.DataFrame | None:
    """Return R* for each model, beside the rows that its messages carried (mean).

    A row per model with ``agents``, ``parameters``, ``break_even_rows``, ``rows_sent`` (nan where
    messages carry no rows).  None where the manifest does not tell the number of classes.
    """
    classes = result.manifest.get("classes")
    if not classes:
        return None
    agents = result.agents.assign(model=result.agents["model"].astype(str))
    groups = agents.groupby("model", sort=False)
    table = pd.DataFrame({"agents": groups.size(), "parameters": groups["parameters"].first()})
    table["break_even_rows"] = table["parameters"] / classes
    model = agents.set_index("agent")["model"]
    with_rows = result.messages[result.messages["rows"] > 0]
    rows = with_rows.groupby(with_rows["sender"].map(model))["rows"].mean()
    table["rows_sent"] = rows.reindex(table.index)
    return table


def _share(values: pd.Series, total: float) -> pd.Series:
    return values / total if total else values * 0.0


def _until(
    times: NDArray[np.float64], ended: NDArray[np.float64], amounts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the sum of the *amounts* that had ended by each of *times*, shape ``(n_times,)``."""
    order = np.argsort(ended, kind="stable")
    sums = np.concatenate([[0], np.cumsum(amounts[order])])
    return np.asarray(sums[np.searchsorted(ended[order], times, side="right")])
