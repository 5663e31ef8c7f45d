"""Several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from p2pkd.analysis.io.run_data import RunData
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
    """Return a short label for each run, all different: name, then seed, then directory."""
    for label in (_name, _name_and_seed, _name_and_directory):
        found = [label(result) for result in results]
        if len(set(found)) == len(found):
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


def _name_and_seed(result: RunData) -> str:
    return f"{result.name}, seed {result.seed}"


def _name_and_directory(result: RunData) -> str:
    return f"{result.name}, {result.path.name}"
