"""Simulated seconds of messages against those that real TCP took: the table of `verify --real`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2pkd.verify.check import Check
from p2pkd.verify.replay import Case, cases, group, play_fair, play_tcp

DRAWS = 100
"""Simulated runs of a case with random loss."""
SIGMAS = 2.0


class Limits(NamedTuple):
    """What a group of cases is held to, in per cent."""

    median: float
    p90: float
    bias: float


# Half of what handshake, slow start and headers on a fluid flow leave at the 90th percentile.
LIMITS = {
    "a": Limits(1.0, 5.0, 8.0),
    "a-open": Limits(1.0, 5.0, 8.0),
    "b": Limits(8.0, 21.0, 8.0),
    "c": Limits(5.0, 15.0, 8.0),
    "d": Limits(8.0, 19.0, 8.0),
    "d-open": Limits(8.0, 25.0, 8.0),
    "f": Limits(5.0, 15.0, 8.0),
    "reno": Limits(8.0, 25.0, 8.0),
    "queue 15 kB": Limits(8.0, 30.0, 8.0),
    "queue 1 MB": Limits(8.0, 25.0, 8.0),
}
WITHIN = 0.9
"""Share of messages with random loss whose mean lies within `SIGMAS` standard errors."""

Player = Callable[[Case], Sequence[float]]
MODELS: dict[str, Player] = {
    "tcp": play_tcp,
    "fair": play_fair,
    "fair, slow start": partial(play_fair, slow_start=True),
}


class Flow(NamedTuple):
    """One message of a case: measured seconds and simulated ones (medians where loss is random)."""

    group: str
    case: str
    measured_s: float
    simulated_s: float


@dataclass(frozen=True)
class Row:
    """A group of cases under one model: errors of single messages and of cases' sums, per cent."""

    group: str
    model: str
    flows: int
    median: float
    p90: float
    bias: float


def table(of: Iterable[Case] | None = None) -> Iterator[Row]:
    """Yield a row for each group and model."""
    found = tuple(cases() if of is None else of)
    for model in MODELS:
        flows = list(played(found, model))
        for name in dict.fromkeys(flow.group for flow in flows):
            yield row(name, model, [flow for flow in flows if flow.group == name])


def played(of: Iterable[Case], model: str) -> Iterator[Flow]:
    """Yield every message of the cases *of*, simulated by *model*."""
    for case in of:
        measured = [flow[5] for flow in case["flows"]]
        simulated: Sequence[float] = MODELS[model](case)
        if "loss" in case and model == "tcp":
            simulated = np.median(draws(case), axis=0).tolist()
        for one, other in zip(measured, simulated, strict=True):
            yield Flow(group(case), case["name"], float(one), float(other))


def draws(case: Case, n: int = DRAWS) -> NDArray[np.float64]:
    """Return the seconds of each message in *n* runs with losses of their own, ``(n, flows)``."""
    return np.array([play_tcp(case, seed) for seed in range(n)])


def row(name: str, model: str, flows: Sequence[Flow]) -> Row:
    """Return the errors of *flows*, all messages of the group *name*."""
    measured = np.array([flow.measured_s for flow in flows])
    simulated = np.array([flow.simulated_s for flow in flows])
    errors = 100 * np.abs(simulated / measured - 1)
    sums = []
    for case in dict.fromkeys(flow.case for flow in flows):
        own = np.array([flow.case == case for flow in flows])
        sums.append(100 * (simulated[own].sum() / measured[own].sum() - 1))
    median, p90 = np.percentile(errors, [50, 90])
    return Row(name, model, len(flows), float(median), float(p90), float(np.mean(sums)))


def text(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a table: a line a group, and columns by model."""
    of: dict[str, dict[str, Row]] = {}
    for row in rows:
        of.setdefault(row.group, {})[row.model] = row
    yield f"{'':13}{'':>4}" + "".join(f"{model:^21}" for model in MODELS)
    yield f"{'group':13}{'n':>4}" + "".join(f"{'median   90 %   bias':>21}" for _ in MODELS)
    for name, found in of.items():
        cells = (found[model] for model in MODELS)
        numbers = "".join(f"{r.median:8.1f}{r.p90:7.0f}{r.bias:6.0f}" for r in cells)
        yield f"{name:13}{found['tcp'].flows:4}{numbers}"
    if "bbr" in of:
        yield "bbr: there is none here; its senders are played with CUBIC, and have no limits"


def deviations(of: Iterable[Case]) -> list[float]:
    """Return how far the mean of draws is from that of measured runs, in standard errors.

    One number for each message with random loss.  The error is that of means of so many runs of the
    simulated distribution: six measured ones, often all fast or one of them slow, do not tell it.
    """
    found = []
    for case in (case for case in of if "loss" in case):
        drawn = draws(case)
        for i, flow in enumerate(case["flows"]):
            runs = np.array(flow[6])
            error = drawn[:, i].std(ddof=1) * math.sqrt(1 / len(runs) + 1 / len(drawn))
            found.append(float((drawn[:, i].mean() - runs.mean()) / error))
    return found


def checks(of: Iterable[Case] | None = None) -> Iterator[Check]:
    """Yield what is held of the table: `LIMITS` by group, and `WITHIN` where loss is random."""
    found = tuple(cases() if of is None else of)
    flows = list(played([case for case in found if group(case) in LIMITS], "tcp"))
    for name in dict.fromkeys(flow.group for flow in flows):
        found_row = row(name, "tcp", [f for f in flows if f.group == name])
        values = (found_row.median, found_row.p90, found_row.bias)
        for key, value, limit in zip(Limits._fields, values, LIMITS[name], strict=True):
            yield Check(f"real TCP, {key} error, %", f"{name}, {found_row.flows} messages",
                        0.0, value, 0.0, limit)  # fmt: skip
    far = deviations(found)
    if far:
        share = sum(abs(each) <= SIGMAS for each in far) / len(far)
        what = f"of {len(far)} means, within {SIGMAS:g} errors"
        yield Check("real TCP, random loss, share", what, 1.0, share, 0.0, 1.0 - WITHIN)


def against_measured(*, fast: bool) -> Iterator[Check]:
    """Messages between Linux hosts over emulated links, as measured (docs/truth.md)."""
    # Random loss takes many draws.
    yield from checks([case for case in cases() if not (fast and "loss" in case)])
