"""What the accuracies of runs are of, in words, and the scores beside the declared one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from p2pkd.analysis.io.readable import percent
from p2pkd.core.scores import OTHERS, SCORES, capital, in_words, short

if TYPE_CHECKING:
    from p2pkd.analysis.io.run_data import RunData
    from p2pkd.analysis.io.run_set import RunSet

OF_AGENTS = {
    "global": "accuracy",
    "own_classes": "accuracy_own_classes",
    "own_distribution": "accuracy_own_distribution",
}
"""The column of an agent's own accuracy, by measure."""

MIXED = "accuracy of what each method delivers"


def common_words(results: Sequence[RunData]) -> str:
    """Return what the accuracies of *results* are of, for an axis: the same for all, or mixed."""
    words = {in_words(run.summary) for run in results}
    return words.pop() if len(words) == 1 else MIXED


def with_scores(names: Sequence[str], results: Sequence[RunData]) -> list[str]:
    """Return *names* of *results*, each with its score where these are not all the same."""
    if common_words(results) != MIXED:
        return list(names)
    return [f"{name} ({short(run.summary)})" for name, run in zip(names, results, strict=True)]


def score_rows(result: RunData) -> Iterator[tuple[str, str]]:
    """Yield names and values: what the run's method delivers, then all else that was measured."""
    total = result.summary
    score, measure = total.get("score") or "agents", total.get("measure") or "global"
    mean, std = total.get("final_accuracy_mean"), total.get("final_accuracy_std")
    yield capital(in_words(total)), _spread(mean, std)
    for name, column in OTHERS.items():
        value = total.get(f"final_{column}")
        if name != score and value is not None:
            spread = total.get("final_agents_accuracy_std") if name == "agents" else None
            yield capital(SCORES[name]), _spread(value, spread)
    for name, words in (("own_classes", "own classes"), ("own_distribution", "own distribution")):
        value = total.get(f"final_{name}_mean")
        if name != measure and value is not None:
            worst = percent(total.get(f"final_{name}_worst_decile"))
            text = _spread(value, total.get(f"final_{name}_std"))
            yield f"On agents' {words}", f"{text}, worst decile {worst}"


def _spread(mean: float | None, std: float | None) -> str:
    return percent(mean) if std is None or mean is None else f"{percent(mean)} ± {100 * std:.1f}"


def own_evaluations(run: RunData) -> pd.DataFrame:
    """Return the evaluations of the agents that learn, with ``accuracy`` as the run measures it."""
    agents, rows = run.agents, run.evaluations
    learning = agents.loc[agents["private_rows"] > 0, "agent"]
    column = OF_AGENTS[run.summary.get("measure") or "global"]
    rows = rows[rows["agent"].isin(learning)]
    return rows.assign(accuracy=rows[column] if column in rows else rows["accuracy"])


def delivered(run: RunData) -> tuple[pd.Series[float], bool]:
    """Return what the method delivers, by time in seconds, and whether that is the agents' mean."""
    population = run.population.set_index("time_s")
    return population["accuracy_mean"], (run.summary.get("score") or "agents") == "agents"


def scores_by(results: RunSet, key: str) -> dict[Any, str]:
    """Return, for each value of the column *key*, what its runs' accuracies are of."""
    found: dict[Any, dict[str, None]] = {}
    for value, run in zip(results.frame[key], results, strict=True):
        found.setdefault(value, {})[short(run.summary)] = None
    return {value: " and ".join(words) for value, words in found.items()}
