"""Access rates from files: tables of rates over time, and mahimahi's packet deliveries."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import TraceError
from p2pkd.core.remarks import remark_span
from p2pkd.core.units import RATE
from p2pkd.scenario.link_options import MahimahiVariation, TraceVariation
from p2pkd.world.formats.clock import FileClock
from p2pkd.world.formats.text import Faults, content_lines, number_of, read_text, shown
from p2pkd.world.names import Names
from p2pkd.world.paths import locate
from p2pkd.world.plausible import remark_median
from p2pkd.world.tables import Row, gather, read_table
from p2pkd.world.topology import Topology

SLOWEST = 1e-3
"""Bytes/s; a slower rate that is not 0 would keep a message for ever."""
PACKET_BYTES = 1500
"""What mahimahi lets pass at each line of a trace."""
MOST_BINS = 1_000_000


class Step(NamedTuple):
    """New rates of some nodes, from *time_s* on."""

    time_s: float
    nodes: NDArray[np.int64]
    uplink: NDArray[np.float64]
    downlink: NDArray[np.float64]


Variation = Callable[[], Iterator[Step]]


@dataclass(frozen=True, eq=False)
class Recorded:
    """A `Variation` from a file: *steps*, over and over where there is a *period_s*."""

    steps: tuple[Step, ...]
    period_s: float | None = None

    def __call__(self) -> Iterator[Step]:
        """Yield the steps, those from before the run at its beginning."""
        # Whole turns that were over before the run began need not be gone through.
        last, period = self.steps[-1].time_s, self.period_s
        turns = count(max(0, math.floor(-last / period))) if period else iter([0])
        for turn in turns:
            for step in self.steps:
                yield step._replace(time_s=max(0.0, step.time_s + turn * (period or 0.0)))

    def scaled(self, factor: float) -> Recorded:
        """Return this with all rates times *factor*."""
        steps = (s._replace(uplink=factor * s.uplink, downlink=factor * s.downlink)
                 for s in self.steps)  # fmt: skip
        return replace(self, steps=tuple(steps))

    @property
    def outages(self) -> bool:
        """Whether a rate is 0 at some time."""
        return any(not (step.uplink.all() and step.downlink.all()) for step in self.steps)


def read_rates(file: Path, spec: TraceVariation, topology: Topology) -> Recorded:
    """Return the steps in *file*; raise TraceError, with all mistakes, if it is wrong."""
    rows = read_table(file, spec.columns)
    clock = FileClock(spec.time_unit, spec.begins)
    names, everybody = Names(topology), np.arange(topology.n)
    up, down = (spec.both, spec.both) if spec.both else (spec.uplink, spec.downlink)
    last = [float("-inf")]

    def step(row: Row) -> Step:
        time_s = _time(row, spec.time, clock)
        if time_s < last[0]:
            raise TraceError(
                f"{row.at(spec.time)}: time {time_s:g} s after {last[0]:g} s; times must ascend"
            )
        last[0] = time_s
        who = everybody if spec.id not in row.values else np.array([_agent(row, spec.id, names)])
        rates = [_rate(row, column, spec.unit) for column in (up, down)]
        return Step(time_s, who, *(np.full(len(who), rate) for rate in rates))

    steps = gather(rows, step)
    return _recorded(steps, clock, str(file), repeats=spec.at_end == "repeat")


def _recorded(steps: list[Step], clock: FileClock, file: str, *, repeats: bool) -> Recorded:
    times = sorted({step.time_s for step in steps})
    start = clock.start_s(times[0])
    moved = tuple(step._replace(time_s=step.time_s - start) for step in steps)
    if not repeats:
        remark_span(times[0] - start, times[-1] - start, file,
                    "links.variation.begins and time_unit")  # fmt: skip
    for which, direction in ((2, "uplink"), (3, "downlink")):
        rates = np.concatenate([step[which] for step in steps])
        remark_median(rates[rates > 0], "rate", f"{file}: {direction}", "see links.variation.unit")
    if not repeats:
        return Recorded(moved)
    if len(times) < 2:
        raise TraceError(f"{file}: one time alone cannot be repeated; leave out at_end: repeat")
    # The last line holds for as long as the one before it.
    return Recorded(moved, times[-1] - times[0] + times[-1] - times[-2])


def _time(row: Row, column: str, clock: FileClock) -> float:
    number = row.number(column, positive=False)
    try:
        return clock.seconds(number)
    except ValueError as error:
        raise TraceError(f"{row.at(column)}: {column}: {error}") from None


def _agent(row: Row, column: str, names: Names) -> int:
    try:
        value = row.get(column)
        return names.find(value if isinstance(value, int) else str(value))
    except ValueError as error:
        raise TraceError(f"{row.at(column)}: {error}") from None


def _rate(row: Row, column: str, unit: float) -> float:
    rate = row.quantity(column, RATE, bare=unit, zero=True)
    if 0 < rate < SLOWEST:
        raise TraceError(
            f"{row.at(column)}: {column}: {shown(str(row.values[column]))} is slower than a byte "
            f"in {1 / SLOWEST:g} s; 0 is an outage"
        )
    return rate


# -- mahimahi --------------------------------------------------------------------------------------


def mahimahi(spec: MahimahiVariation, n: int, base: Path) -> Mahimahi:
    """Return the variation of *n* nodes that the traces of *spec* make together."""
    up = _deliveries(spec.path, "path", spec.window, base)
    down = up if spec.downlink is None else _deliveries(
        spec.downlink, "downlink", spec.window, base)  # fmt: skip
    return Mahimahi(up, down, n)


@dataclass(frozen=True, eq=False)
class Deliveries:
    """Rates in bins of *window_s*, over and over after *period_s*."""

    rates: NDArray[np.float64]
    window_s: float
    period_s: float

    def scaled(self, factor: float) -> Deliveries:
        """Return this with all rates times *factor*."""
        return replace(self, rates=factor * self.rates)

    def changes(self) -> Iterator[tuple[float, float]]:
        """Yield times and rates, without end unless the rate never changes."""
        if len(self.rates) == 1:
            yield 0.0, float(self.rates[0])
            return
        for turn in count():
            for k, rate in enumerate(self.rates.tolist()):
                yield turn * self.period_s + k * self.window_s, rate


def _marked(deliveries: Deliveries, which: int) -> Iterator[tuple[float, int, float]]:
    return ((time_s, which, rate) for time_s, rate in deliveries.changes())


@dataclass(frozen=True, eq=False)
class Mahimahi:
    """A `Variation` of two traces, the same for all *n* nodes."""

    up: Deliveries
    down: Deliveries
    n: int

    def __call__(self) -> Iterator[Step]:
        """Yield a step wherever either rate may change."""
        nodes, rates = np.arange(self.n), [0.0, 0.0]
        merged = heapq.merge(_marked(self.up, 0), _marked(self.down, 1))
        now = next(merged, None)
        while now is not None:
            time_s, which, rates[which] = now
            now = next(merged, None)
            if now is None or now[0] > time_s:
                yield Step(time_s, nodes, *(np.full(self.n, rate) for rate in rates))

    def scaled(self, factor: float) -> Mahimahi:
        """Return this with all rates times *factor*."""
        return replace(self, up=self.up.scaled(factor), down=self.down.scaled(factor))

    @property
    def outages(self) -> bool:
        """Whether a rate is 0 at some time."""
        return not (self.up.rates.all() and self.down.rates.all())


def _deliveries(path: str, key: str, window_s: float, base: Path) -> Deliveries:
    """Read lines of milliseconds, each of which lets a packet of 1,500 bytes pass.

    The last line is also when the trace begins again (mahimahi's mm-link(1)).
    """
    file = locate(path, base, TraceError, f"links.variation.{key}")
    faults, times, last = Faults(file), [], 0.0
    for line in content_lines(read_text(file)):
        number = number_of(line.text.strip())
        if number is None or not 0 <= number <= 1e12:
            faults.add(f"{shown(line.text.strip())} is not a time in ms", line.number)
        elif number < last:
            faults.add(f"{number:g} ms after {last:g} ms; times must ascend", line.number)
        else:
            last = number
            times.append(number)
    faults.check()
    if not last:
        faults.stop("a trace has a line for each packet, and the last of them is after 0 ms")
    period_s = last / 1000
    bins = max(1, math.ceil(round(period_s / window_s, 9)))
    if bins > MOST_BINS:
        faults.stop(f"{bins:,} windows of {window_s:g} s; make links.variation.window longer")
    # A packet at the end of a window was made possible by what came before it.
    place = np.clip(np.ceil(np.array(times) / (1000 * window_s)).astype(np.int64) - 1, 0, bins - 1)
    lengths = np.full(bins, window_s)
    lengths[-1] = period_s - (bins - 1) * window_s
    rates = np.bincount(place, minlength=bins) * PACKET_BYTES / lengths
    remark_median(rates[rates > 0], "rate", f"{file}")
    return Deliveries(rates, window_s, period_s)
