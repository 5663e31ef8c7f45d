"""What a search came to, trial by trial."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from p2pkd.study.measures import MeasureSpec
from p2pkd.study.search import TRIAL
from p2pkd.study.task import DONE

if TYPE_CHECKING:
    import pandas as pd


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


def best_trial(trials: pd.DataFrame, measure: MeasureSpec) -> dict[Hashable, Any] | None:
    """Return the best row of a `trial_table` by *measure*; None where no trial has a value."""
    usable = trials[(trials["status"] == DONE) & trials["objective"].notna()]
    if usable.empty:
        return None
    ordered = usable.sort_values("objective", ascending=not measure.maximise, kind="stable")
    return dict(ordered.iloc[0].to_dict())


def _worst(states: pd.Series) -> str:
    others = [state for state in states if state != DONE]
    return str(others[0]) if others else DONE
