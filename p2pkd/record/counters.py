"""Totals over the record stream, for the manifest's summary."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from p2pkd.core.records import ABORTED, DELIVERED, IN_FLIGHT, LOST, PopulationRecord

Columns = dict[str, Any]

FATES = (DELIVERED, LOST, ABORTED, IN_FLIGHT)


class Counters:
    """Adds up batches of columns; holds no rows.

    Byte counts are defined on `p2pkd.core.records.MessageRecord`, steps, merges and FLOPs on
    `p2pkd.core.records.AgentRecord`; `gradient_steps` are private and distillation steps together.
    `distilled` tells whether any agent learned from another's message at all, by a completed
    distillation or merge.
    """

    def __init__(self) -> None:
        self._messages = dict.fromkeys(FATES, 0)
        self._wire = dict.fromkeys(FATES, 0)
        self._bytes = dict.fromkeys(("payload_bytes", "header_bytes", "retransmitted_bytes"), 0)
        self._agents = dict.fromkeys(_AGENT_SUMS, 0.0)
        self._n_agents = 0
        self._lessons = 0
        self._last: dict[str, float] = {}
        self._since_s = dict.fromkeys(_TROUBLES, math.nan)
        self.simulated_s = 0.0
        self.events = 0
        self._add: dict[str, Callable[[Columns], None]] = {
            "messages": self._add_messages,
            "compute": self._add_compute,
            "population": self._add_population,
            "agents": self._add_agents,
        }

    def update(self, table: str, columns: Columns) -> None:
        """Take in a batch of *table*'s columns."""
        add = self._add.get(table)
        if add is not None:
            add(columns)

    def summary(self) -> dict[str, Any]:
        """Return the totals; unknown accuracies are nan."""
        sums = {name: kind(self._agents[name]) for name, kind in _AGENT_SUMS.items()}
        return {
            **{f"final_{name}": self._last.get(name, math.nan) for name in _POPULATION},
            **{f"final_{name}": int(self._last.get(name, 0)) for name in _TROUBLES},
            **{f"{name}_since_s": since_s for name, since_s in self._since_s.items()},
            "agents": self._n_agents,
            "messages_sent": sum(self._messages.values()),
            **{f"messages_{fate}": count for fate, count in self._messages.items()},
            **self._bytes,
            "aborted_bytes": self._wire[ABORTED],
            "wire_bytes": sum(self._wire.values()),
            **sums,
            "gradient_steps": sums["train_steps"] + sums["distill_steps"],
            "distilled": self._lessons > 0,
            "simulated_s": self.simulated_s,
            "events": self.events,
        }

    def _add_messages(self, columns: Columns) -> None:
        status, wire = columns["status"], columns["wire_bytes"]
        statuses = np.array(status)
        for fate in FATES:
            mask = statuses == fate
            self._messages[fate] += int(mask.sum())
            self._wire[fate] += int(wire[mask].sum())
        for name in self._bytes:
            self._bytes[name] += int(columns[name].sum())

    def _add_compute(self, columns: Columns) -> None:
        taught = _taught(columns["kind"]) & (columns["teachers"] > 0) & columns["completed"]
        self._lessons += int(columns["teachers"][taught].sum())

    def _add_population(self, columns: Columns) -> None:
        self._last = {name: float(columns[name][-1]) for name in (*_POPULATION, *_TROUBLES)}
        for name in _TROUBLES:
            when = columns["time_s"][columns[name] > 0]
            if len(when) and math.isnan(self._since_s[name]):
                self._since_s[name] = float(when[0])

    def _add_agents(self, columns: Columns) -> None:
        self._n_agents += len(columns["agent"])
        for name in _AGENT_SUMS:
            self._agents[name] += columns[name].sum().item()


_AGENT_SUMS: dict[str, type] = {
    "setup_bytes": int,
    "energy_j": float,
    "compute_energy_j": float,
    "radio_energy_j": float,
    "idle_energy_j": float,
    "computing_s": float,
    "turns": int,
    "turns_asked": float,
    "steps_asked": float,
    "train_steps": int,
    "distill_steps": int,
    "messages_discarded": int,
    "merges": int,
    "flops": float,
    "train_flops": float,
    "distill_flops": float,
    "merge_flops": float,
    "predict_flops": float,
}
# What agents suffer from; of each how many do at the end, and when the first were found to.
_TROUBLES = ("diverged", "dead")
# All else that is told of the models at the end.
_POPULATION = tuple(
    name
    for name in PopulationRecord._fields
    if name not in ("time_s", "agents", "online", *_TROUBLES)
)


def _taught(kinds: Sequence[str]) -> Any:
    """Tell which computations learn from messages, shape ``(n,)``."""
    return np.isin(np.array(kinds), ("distill", "merge"))
