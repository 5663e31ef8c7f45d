"""Means over seeds with their intervals, and differences between settings that share seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Interval:
    """A mean over *n* values with its confidence interval; `low` and `high` are nan for n < 2."""

    mean: float
    std: float
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Paired:
    """The mean of the differences *b* - *a* of pairs that share all else, the seed included.

    `p` is the two-sided p-value of the t test that the mean is 0; of equal differences it is 1 if
    they are 0, and 0 if they are not.
    """

    mean: float
    low: float
    high: float
    n: int
    p: float
    differences: NDArray[np.float64]


def interval(values: Iterable[float], confidence: float = 0.95) -> Interval:
    """Return the mean of *values* and its Student-t interval: mean ± t(n - 1) s / sqrt(n).

    Values that are nan, runs without that number, do not count.
    """
    x = np.asarray(list(values), dtype=float)
    x = x[np.isfinite(x)]
    n = len(x)
    mean = float(x.mean()) if n else float("nan")
    if n < 2:
        return Interval(mean, float("nan"), n, float("nan"), float("nan"))
    std = float(x.std(ddof=1))
    half = critical(n, confidence) * std / np.sqrt(n)
    return Interval(mean, std, n, float(mean - half), float(mean + half))


# What every finished run has, unless agents diverged.
SCORES = frozenset({"final_accuracy_mean", "final_ensemble_accuracy", "final_disagreement"})


def interval_of(values: pd.Series[float], confidence: float = 0.95) -> Interval:
    """Return the `interval` of a column of runs.

    Nan where the column is one of `SCORES` and a run has none: the mean over the others, which did
    not diverge, would flatter the setting.
    """
    found = interval(values, confidence)
    if values.name in SCORES and found.n < len(values):
        nan = float("nan")
        return Interval(nan, nan, found.n, nan, nan)
    return found


def paired(a: Iterable[float], b: Iterable[float], confidence: float = 0.95) -> Paired:
    """Return the mean of *b* - *a*, pair by pair, with its interval and p-value.

    With common random numbers the pairs are correlated, and the interval is narrower than that of
    the difference of two means (Law, *Simulation Modeling and Analysis*, 5th ed., 11.2).
    """
    from scipy import stats

    difference = np.asarray(list(b), dtype=float) - np.asarray(list(a), dtype=float)
    difference = difference[np.isfinite(difference)]
    found = interval(difference, confidence)
    if found.std == 0:
        p = float(found.mean == 0)
    else:
        p = float(stats.ttest_1samp(difference, 0).pvalue) if found.n > 1 else float("nan")
    return Paired(found.mean, found.low, found.high, found.n, p, difference)


def gini(values: Iterable[float]) -> float:
    """Return the Gini coefficient: 0 where all *values* are equal, (n - 1) / n where one has all.

    Sum over pairs of abs(x_i - x_j) / (2 n^2 mean); nan without a positive sum.
    """
    x = np.sort(np.asarray(list(values), dtype=float))
    x = x[np.isfinite(x)]
    n = len(x)
    if n == 0 or x.sum() <= 0:
        return float("nan")
    ranks = np.arange(1, n + 1)
    return float(((2 * ranks - n - 1) * x).sum() / (n * x.sum()))


def jain(values: Iterable[float]) -> float:
    """Return Jain's fairness index, (sum x)^2 / (n sum x^2): 1 where all are equal, 1 / n at worst.

    Jain, Chiu and Hawe, DEC-TR-301, 1984.
    """
    x = np.asarray(list(values), dtype=float)
    x = x[np.isfinite(x)]
    squares = float((x**2).sum())
    return float(x.sum()) ** 2 / (len(x) * squares) if squares else float("nan")


def critical(n: int, confidence: float) -> float:
    """Return how many standard errors the t interval of *n* values reaches to either side."""
    from scipy.stats import t

    return float(t.ppf(0.5 + confidence / 2, n - 1))
