"""What a search came to, trial by trial."""

from __future__ import annotations

import pandas as pd

TRIAL, DONE = "trial", "done"


def trial_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row per trial of a search's *table*.

    Columns: ``trial``, the searched keys, ``status`` (the worst of its runs), ``objective`` (the
    mean over seeds; nan unless every run has one) and ``runs``.
    """
    keys = list(table.columns[: table.columns.get_loc("seed")])
    groups = table.groupby(TRIAL, sort=True)
    found = groups[keys].first()
    found["status"] = groups["status"].agg(_worst)
    found["objective"] = groups["objective"].agg(lambda values: values.mean(skipna=False))
    found["runs"] = groups.size()
    return found.reset_index(drop=True)


def finished(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of a `trial_table` that have an objective."""
    return trials[(trials["status"] == DONE) & trials["objective"].notna()]


def _worst(states: pd.Series) -> str:
    others = [state for state in states if state != DONE]
    return str(others[0]) if others else DONE
