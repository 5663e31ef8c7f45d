"""How long computations take by three rules, fitted to what was measured on a machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2pkd.engine.effort import FORWARD_SHARE, Traffic

Floats = NDArray[np.float64]


class Timing(NamedTuple):
    """What a call of a model took on this machine."""

    model: str
    kind: str
    """``train``, a gradient step, or ``predict``."""
    batch: int
    median_s: float
    fastest_s: float
    calls: int
    """Of how many these are."""
    traffic: Traffic

    @property
    def parts(self) -> tuple[float, float, float]:
        """How many times the overhead, FLOPs and bytes of memory the call has."""
        trains = self.kind == "train"
        flops = (3 if trains else 1) * self.batch * self.traffic.flops_forward
        moved = self.traffic.bytes_moved(self.kind, flops, int(trains))
        return (1.0 if trains else FORWARD_SHARE), flops, moved


@dataclass(frozen=True)
class Rule:
    """Seconds = overhead + FLOPs / rate + bytes / bandwidth; terms that a rule lacks are 0."""

    overhead_s: float
    s_per_flop: float
    s_per_byte: float

    def seconds(self, timings: Sequence[Timing]) -> Floats:
        """Return how long each call takes by this rule, ``(n,)``."""
        weights = (self.overhead_s, self.s_per_flop, self.s_per_byte)
        return np.asarray(np.array([t.parts for t in timings]) @ np.array(weights))


RULES = {
    "one number": (False, True, False),
    "overhead": (True, True, False),
    "three terms": (True, True, True),
}
"""Which terms each rule has, in the order of `Rule`'s fields."""


def fit(timings: Sequence[Timing], terms: Sequence[bool] = (True, True, True)) -> Rule:
    """Return the rule with *terms* that fits the fastest calls of *timings* best.

    Others' work on a machine only ever adds to what a call takes.

    The squares of log(foretold / measured) are least, so that a call of 20 us weighs as much as one
    of 20 ms, and too slow as much as too fast.  Non-negative least squares of the relative errors
    give the start.
    """
    from scipy.optimize import least_squares, nnls

    used = np.flatnonzero(terms)
    parts = np.array([t.parts for t in timings])[:, used]
    measured = np.array([t.fastest_s for t in timings])
    # Each column's largest share is 1, so that the solver sees numbers of one size.
    columns = parts / measured[:, None]
    scale = columns.max(0)
    columns = columns / scale
    start, _ = nnls(columns, np.ones(len(measured)))
    start = np.maximum(start, 1e-6)
    found = least_squares(lambda w: np.log(columns @ w), start, bounds=(0, np.inf))
    weights = np.zeros(3)
    # What the bound keeps at 0 ends a little above it.
    weights[used] = np.where(found.x > 1e-9, found.x, 0.0) / scale
    return Rule(*weights.tolist())


def errors(rule: Rule, timings: Sequence[Timing]) -> Floats:
    """Return foretold / measured - 1 of each of *timings*, ``(n,)``."""
    measured = np.array([t.fastest_s for t in timings])
    return np.asarray(rule.seconds(timings) / measured - 1)


def left_out(timings: Sequence[Timing], terms: Sequence[bool]) -> Floats:
    """Return the `errors` of each of *timings* by the rule fitted to all other models, ``(n,)``."""
    result = np.zeros(len(timings))
    for model in {t.model for t in timings}:
        own = np.array([t.model == model for t in timings])
        rest = [t for t in timings if t.model != model]
        result[own] = errors(fit(rest, terms), [t for t in timings if t.model == model])
    return result
