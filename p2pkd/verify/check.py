"""A law, what it says, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike


class Check(NamedTuple):
    """One number that a law predicts, beside the same number measured.

    `error` is the measurement's own standard error, 0 where it has none; the check passes where
    the two differ by no more than `tolerance`.
    """

    law: str
    case: str
    expected: float
    measured: float
    error: float
    tolerance: float
    source: str = ""

    @property
    def passed(self) -> bool:
        """Whether measured and expected agree; nan agrees with nothing."""
        return bool(abs(self.measured - self.expected) <= self.tolerance)


class Law(Protocol):
    """Measures a law; *fast* asks for fewer repetitions."""

    def __call__(self, *, fast: bool) -> Iterator[Check]:
        """Yield one check for each case."""


# Four standard errors: one false alarm in 16,000 checks.
SIGMAS = 4.0


def exact(
    law: str, case: str, expected: float, measured: float, source: str = "", within: float = 1e-9
) -> Check:
    """Return a check of a number without noise, to a relative error of *within*."""
    return Check(law, case, expected, measured, 0.0, within * max(abs(expected), 1e-12), source)


def alike(
    law: str, case: str, expected: float, measured: Sequence[float], source: str = ""
) -> Iterator[Check]:
    """Yield checks that all of *measured* are as *expected*; they fail where there is none."""
    yield exact(law, f"{case}, least", expected, min(measured, default=math.nan), source)
    yield exact(law, f"{case}, most", expected, max(measured, default=math.nan), source)


def bounded(law: str, case: str, bound: float, measured: float, source: str = "") -> Check:
    """Return a check that *measured* does not exceed *bound*."""
    expected = min(bound, measured)
    return Check(law, f"{case} (bound {bound:.4g})", expected, measured, 0.0, 1e-9, source)


def sampled(
    law: str, case: str, expected: float, samples: ArrayLike, source: str = "", slack: float = 0.0
) -> Check:
    """Return a check of the mean of independent *samples*.

    *slack* is what the law itself leaves open (an O(1) term, a rounded table).
    """
    values = np.asarray(samples, float)
    error = float(values.std(ddof=1) / math.sqrt(len(values)))
    tolerance = SIGMAS * error + slack
    return Check(law, case, expected, float(values.mean()), error, tolerance, source)


def batch_means(values: ArrayLike, batches: int = 40) -> list[float]:
    """Return the means of *batches* consecutive parts of a correlated series.

    The first tenth is left out: the system starts empty.
    """
    series = np.asarray(values, float)
    kept = series[len(series) // 10 :]
    return [float(part.mean()) for part in np.array_split(kept, batches)]
