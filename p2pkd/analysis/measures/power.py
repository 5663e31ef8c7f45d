"""What a number of seeds can tell: of paired differences, by the t test that they are judged by.

Differences are taken as independent and normal with the standard deviation that was observed.  Of
few seeds that deviation is itself uncertain, and so is what is said here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from p2pkd.analysis.measures.statistics import critical

POWER = 0.8
MOST = 10_000


def shows_from(std: float, n: int, confidence: float = 0.95) -> float:
    """Return the smallest mean of *n* differences whose t interval leaves out 0; nan for n < 2."""
    return critical(n, confidence) * std / math.sqrt(n) if n > 1 else math.nan


def power(difference: float, std: float, n: int, confidence: float = 0.95) -> float:
    """Return how often *n* pairs show a true *difference*, by the two-sided paired t test.

    The statistic has Student's noncentral t distribution with n - 1 degrees of freedom and
    noncentrality difference sqrt(n) / std (Cohen, *Statistical Power Analysis*, 2nd ed., ch. 2).
    """
    from scipy.special import nctdtr

    if n < 2:
        return math.nan
    if std == 0:
        return float(difference != 0)
    noncentral = abs(difference) * math.sqrt(n) / std
    edge = critical(n, confidence)
    below, far_below = nctdtr(n - 1, noncentral, [edge, -edge])
    # SciPy has nan for probabilities that are 0 to all digits.
    return 1 - float(np.nan_to_num(below)) + float(np.nan_to_num(far_below))


def detectable(std: float, n: int, wanted: float = POWER, confidence: float = 0.95) -> float:
    """Return the true difference that *n* pairs show with the power *wanted*; nan for n < 2."""
    from scipy.optimize import brentq

    if n < 2 or not math.isfinite(std):
        return math.nan
    if std == 0:
        return 0.0
    # Twice the normal approximation and what few degrees of freedom ask for is enough.
    high = 2 * (critical(n, confidence) + 3) * std / math.sqrt(n)
    return float(brentq(lambda d: power(d, std, n, confidence) - wanted, 0, high, xtol=1e-12))


def seeds_needed(
    difference: float, std: float, wanted: float = POWER, confidence: float = 0.95
) -> float:
    """Return how many pairs show a true *difference* with the power *wanted*, two at least.

    inf where more than `MOST` would be needed, nan where *std* is unknown.
    """
    if not (math.isfinite(difference) and math.isfinite(std)):
        return math.nan
    if power(difference, std, MOST, confidence) < wanted:
        return math.inf
    low, high = 1, MOST
    while high - low > 1:
        middle = (low + high) // 2
        enough = power(difference, std, middle, confidence) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return high


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, by Holm's step-down method.

    The k-th smallest of m is multiplied by m - k + 1, and none becomes smaller than one before it
    (Holm, *Scandinavian Journal of Statistics* 6, 1979); nan, no test, neither counts nor changes.
    Whatever is dependent on what, the chance of any false finding is kept.
    """
    p = np.asarray(values, dtype=float)
    tests = np.flatnonzero(np.isfinite(p))
    order = tests[np.argsort(p[tests], kind="stable")]
    factors = len(order) - np.arange(len(order))
    p[order] = np.minimum(1, np.maximum.accumulate(p[order] * factors))
    return [float(each) for each in p]
