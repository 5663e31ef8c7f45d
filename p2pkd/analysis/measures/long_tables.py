"""Tables over many runs with several rows a run, labelled with what was varied."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from p2pkd.analysis.io.run_data import RunData
from p2pkd.analysis.io.run_set import RunSet
from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.measures.cost import by_link
from p2pkd.analysis.measures.resources import resources_by_agent
from p2pkd.core.scores import short


def curves(results: RunSet) -> pd.DataFrame:
    """Return a row per run and evaluation: accuracy, and what had been spent by then."""
    return _stacked(results, costs_over_time)


def resources(results: RunSet) -> pd.DataFrame:
    """Return a row per run and agent; see `measures.resources.resources_by_agent`."""
    return _stacked(results, lambda run: resources_by_agent(run).reset_index())


def links(results: RunSet) -> pd.DataFrame:
    """Return a row per run and pair of agents; see `p2pkd.analysis.measures.cost.by_link`."""
    return _stacked(results, by_link)


def _stacked(results: RunSet, of: Callable[[RunData], pd.DataFrame]) -> pd.DataFrame:
    """Return the tables of all runs below each other, with name, labels and seed before them."""
    parts = []
    for run, label in zip(results, results.labels, strict=True):
        own = {"run": run.path.name, "name": run.name, **label, "seed": run.seed}
        own["score"] = short(run.summary)
        part = of(run)
        for place, (key, value) in enumerate(own.items()):
            part.insert(place, key, value)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
