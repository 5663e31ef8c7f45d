"""A study by its settings: what runs are repetitions of."""

from __future__ import annotations

from typing import Any, TypeVar

import pandas as pd

from p2pkd.analysis.io.readable import setting_text
from p2pkd.analysis.io.run_set import RunSet
from p2pkd.analysis.measures.cost import pareto
from p2pkd.analysis.measures.scores import scores_by
from p2pkd.analysis.measures.statistics import gini, interval_of

Set = TypeVar("Set", bound=RunSet)

SETTING = "setting"
TRIAL = "trial"
MEANS = (
    "wire_bytes",
    "energy_j",
    "simulated_s",
    "gradient_steps",
    "distill_steps",
    "merges",
    "final_disagreement",
    "gini_bytes",
)


def with_settings(results: Set) -> Set:
    """Return *results* with the columns ``setting``, all that was varied in one text, and
    ``gini_bytes``, how unequally the agents shared the sending.

    In a search the setting is the trial's number, since its values would be a line of text.
    """
    keys = [TRIAL] if TRIAL in results.varied else results.varied
    runs = zip(results, results.labels, strict=True)
    texts = [setting_text(label, keys) or run.name for run, label in runs]
    measured = results.measure(gini_bytes=lambda run: gini(run.agents["wire_bytes"]))
    return measured.assign(**{SETTING: texts})


def settings_table(results: RunSet) -> pd.DataFrame:
    """Return a row per setting of `with_settings`, indexed by its text.

    ``score``, what accuracy is of; ``accuracy``, ``low`` and ``high`` (95 % interval over seeds),
    ``n``; ``diverged``, in how many runs agents had, which leaves the setting without an accuracy;
    the means of `MEANS`; and ``pareto``, whether no other setting has more accuracy for fewer bytes
    on the wire.
    """
    rows = {}
    scores = scores_by(results, SETTING)
    for setting, own in results.frame.groupby(SETTING, sort=False):
        found = interval_of(own["final_accuracy_mean"])
        row: dict[str, Any] = {"score": scores[setting], "accuracy": found.mean}
        row |= {"low": found.low, "high": found.high, "n": found.n}
        row["diverged"] = _diverged(own)
        rows[setting] = row | own.reindex(columns=list(MEANS)).astype(float).mean().to_dict()
    table = pd.DataFrame.from_dict(rows, orient="index")
    table["pareto"] = pareto(table, "wire_bytes", "accuracy")
    return table


def load_over_mean(results: RunSet) -> pd.DataFrame:
    """Return a row per run and agent: ``load``, its bytes sent and received over the mean agent's.

    The other columns are what was varied, ``setting``, ``seed``, ``agent`` and ``device``; runs
    without a byte are left out.
    """
    parts = []
    rows: list[dict[Any, Any]] = results.frame[[*results.varied, SETTING, "seed"]].to_dict(
        "records"
    )
    for run, row in zip(results, rows, strict=True):
        agents = run.agents
        load = agents["wire_bytes"] + agents["received_bytes"]
        if load.sum():
            part = agents[["agent", "device"]].assign(load=load / load.mean())
            parts.append(part.assign(**row))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _diverged(runs: pd.DataFrame) -> int:
    return int((runs["final_diverged"] > 0).sum()) if "final_diverged" in runs else 0
