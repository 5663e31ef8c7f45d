"""Several runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from p2pkd.analysis.io.readable import setting_text
from p2pkd.analysis.io.run_data import RunData
from p2pkd.analysis.io.run_set import differences_between, study_labels
from p2pkd.core.scores import short

# Column of the comparison: key of the summary.
COLUMNS = {
    "accuracy": "final_accuracy_mean",
    "accuracy_std": "final_accuracy_std",
    "agents_accuracy": "final_agents_accuracy_mean",
    "server_accuracy": "final_server_accuracy",
    "average_accuracy": "final_average_accuracy",
    "ensemble_accuracy": "final_ensemble_accuracy",
    "proxies_accuracy": "final_proxies_accuracy_mean",
    "own_classes": "final_own_classes_mean",
    "own_distribution": "final_own_distribution_mean",
    "wire_bytes": "wire_bytes",
    "payload_bytes": "payload_bytes",
    "setup_bytes": "setup_bytes",
    "simulated_s": "simulated_s",
    "energy_j": "energy_j",
    "train_steps": "train_steps",
    "distill_steps": "distill_steps",
    "gradient_steps": "gradient_steps",
    "merges": "merges",
    "flops": "flops",
    "messages_sent": "messages_sent",
    "messages_delivered": "messages_delivered",
}

# Characters of a label that tells what runs differ in.
LONGEST = 80


def compare(results: Sequence[RunData]) -> pd.DataFrame:
    """Return a row per run, indexed by label: accuracy, bytes, seconds, joules, steps, FLOPs.

    ``score`` names what ``accuracy`` is of (`p2pkd.core.scores`); beside it stand all scores that a
    run has, and its accuracies on what is the agents' own.  ``gradient_steps`` is the sum of
    private and distillation steps, and no merge is among them; ``reference_set`` tells whether the
    reference set's bytes were charged.
    """
    rows = [_row(result) for result in results]
    return pd.DataFrame(rows, index=pd.Index(labels(results), name="run"))


def labels(results: Sequence[RunData]) -> list[str]:
    """Return a short label for each run, all different.

    The name; name and seed; of runs of studies what was varied, and the seed; of others what
    differs, and the seed; the directory.
    """
    for label in (_names, _names_and_seeds, _of_studies, _by_differences, _names_and_directories):
        found = label(results)
        if found and len(set(found)) == len(found):
            return found
    return [f"{_name(result)} ({number})" for number, result in enumerate(results, 1)]


def _row(result: RunData) -> dict[str, object]:
    summary = result.summary
    row: dict[str, object] = {"status": result.status, "seed": result.seed}
    row["score"] = short(summary)
    row |= {column: summary.get(key) for column, key in COLUMNS.items()}
    row["reference_set"] = result.manifest.get("reference_set")
    return row


def _name(result: RunData) -> str:
    return result.name


def _names(results: Sequence[RunData]) -> list[str]:
    return [_name(result) for result in results]


def _names_and_seeds(results: Sequence[RunData]) -> list[str]:
    return [f"{_name(result)}, seed {result.seed}" for result in results]


def _names_and_directories(results: Sequence[RunData]) -> list[str]:
    return [f"{_name(result)}, {result.path.name}" for result in results]


def _of_studies(results: Sequence[RunData]) -> list[str]:
    """Return what the studies that the runs are of call them; nothing if one is of none."""
    tables = {folder: study_labels(folder) for folder in {run.path.parent for run in results}}
    found = [tables[run.path.parent].get(run.path.name) for run in results]
    return [] if None in found else _told(results, [label for label in found if label])


def _by_differences(results: Sequence[RunData]) -> list[str]:
    """Return what the runs' scenarios differ in; nothing if that would be long."""
    texts = _told(results, differences_between(results))
    return texts if max(map(len, texts), default=0) <= LONGEST else []


def _told(results: Sequence[RunData], labels: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each run's setting and seed in one text, with its name where names differ."""
    several = len(set(_names(results))) > 1
    texts = []
    for run, label in zip(results, labels, strict=True):
        setting = setting_text(label, [key for key in label if key != "seed"])
        named = [run.name] if several or not setting else []
        texts.append(", ".join([*named, *([setting] if setting else []), f"seed {run.seed}"]))
    return texts
