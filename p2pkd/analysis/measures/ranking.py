"""How sure the order of methods is of the world it was measured in: a study with `perturb:`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from p2pkd.analysis.io.readable import setting_text
from p2pkd.analysis.io.run_set import RunSet
from p2pkd.analysis.measures.budgets import Budget, accuracy_at
from p2pkd.analysis.measures.equal_cost import parse_budgets
from p2pkd.core.errors import ResultError

DRAW, AS_SAID = "draw", 0


def ranking(results: RunSet, budgets: Sequence[str] = ()) -> pd.DataFrame:
    """Return a row per budget and setting of a study with `perturb:`, the best as it is first.

    *budgets* are texts that `Budget.parse` reads; none: ``final``.

    Columns: ``setting``; ``budget``; ``mean``, accuracy in draw 0, the world as the scenario says,
    a mean over seeds; ``least`` and ``most`` of it in the other draws; ``rank`` in draw 0, 1 being
    the best, ``rank_least`` and ``rank_most`` in the others; ``kept``, the share of draws in which
    its rank is that of draw 0; ``ahead``, the share in which it is still ahead of the setting that
    is next in draw 0.  Then, the same in all rows of a budget: ``draws``; ``tau`` and
    ``tau_least``, mean and least of Kendall's rank correlation (tau-b) with draw 0; ``pairs_kept``,
    the share of pairs of settings, over all draws, whose order is that of draw 0.

    Raise ResultError if there are no draws, or a setting lacks runs that another one has.
    """
    if DRAW not in results.varied:
        raise ResultError("no column 'draw': is no study with 'perturb:', which draws worlds")
    tables = [_ranked(_accuracies(results, budget), budget) for budget in parse_budgets(budgets)]
    return pd.concat(tables, ignore_index=True)


def _accuracies(results: RunSet, budget: Budget) -> pd.DataFrame:
    """Return accuracy for *budget*, a mean over seeds, ``(settings, draws)``, draw 0 first."""
    keys = [key for key in results.varied if key != DRAW]
    rows = [
        (
            setting_text(label, keys) or run.name,
            int(label[DRAW]),
            run.seed or 0,
            accuracy_at(run, budget).accuracy,
        )
        for run, label in zip(results, results.labels, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["setting", DRAW, "seed", "accuracy"])
    _check_whole(frame)
    table = frame.groupby(["setting", DRAW], sort=False)["accuracy"].agg(_mean).unstack(DRAW)
    best_first = np.argsort(-table[AS_SAID].to_numpy(), kind="stable")
    return table.sort_index(axis=1).iloc[best_first]


def _check_whole(frame: pd.DataFrame) -> None:
    """Raise ResultError where one setting would be ranked on other draws or seeds than others."""
    if AS_SAID not in set(frame[DRAW]) or frame[DRAW].nunique() < 2:
        raise ResultError("draw: needs draw 0, the world as it is said, and at least one other")
    runs = zip(frame["setting"], frame[DRAW], frame["seed"], strict=True)
    found: dict[str, set[tuple[int, int]]] = {}
    for setting, draw, seed in runs:
        found.setdefault(setting, set()).add((draw, seed))
    every = set().union(*found.values())
    short = {name: len(every - own) for name, own in found.items() if own != every}
    if short:
        told = "; ".join(f"{name} lacks {n} of {len(every)} runs" for name, n in short.items())
        raise ResultError(f"draw: ranks need the same draws and seeds of all; {told}; finish the"
                          " study with p2pkd sweep STUDY --resume")  # fmt: skip


def _mean(values: pd.Series[float]) -> float:
    """Return the mean, nan if a run has none: the others' would flatter."""
    return float(values.mean(skipna=False))


def _ranked(table: pd.DataFrame, budget: Budget) -> pd.DataFrame:
    said, drawn = table[AS_SAID].to_numpy(), table.drop(columns=AS_SAID).to_numpy()
    ranks = table.rank(ascending=False, method="min", na_option="bottom")
    first, others = ranks[AS_SAID].to_numpy(), ranks.drop(columns=AS_SAID).to_numpy()
    taus = [kendalltau(first, column).statistic for column in others.T]
    ahead = np.full(len(table), np.nan)
    ahead[:-1] = (drawn[:-1] > drawn[1:]).mean(axis=1)
    columns: dict[str, Any] = {
        "setting": table.index,
        "budget": budget.text,
        "mean": said,
        "least": drawn.min(axis=1),
        "most": drawn.max(axis=1),
        "rank": first.astype(int),
        "rank_least": others.min(axis=1).astype(int),
        "rank_most": others.max(axis=1).astype(int),
        "kept": (others == first[:, None]).mean(axis=1),
        "ahead": ahead,
        "draws": others.shape[1],
        "tau": float(np.mean(taus)),
        "tau_least": float(np.min(taus)),
        "pairs_kept": _pairs_kept(said, drawn),
    }
    return pd.DataFrame(columns)


def _pairs_kept(said: np.ndarray[Any, Any], drawn: np.ndarray[Any, Any]) -> float:
    """Return the share of pairs, over all columns of *drawn*, that are ordered as in *said*."""
    upper = np.triu_indices(len(said), 1)
    signs = np.sign(said[:, None] - said[None, :])[upper]
    kept = [(np.sign(c[:, None] - c[None, :])[upper] == signs).mean() for c in drawn.T]
    return float(np.mean(kept))
