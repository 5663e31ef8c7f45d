"""What a sweep will take, told before it starts."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from p2pkd.core.errors import RunError
from p2pkd.study.point import Point
from p2pkd.study.sweep import Stratum, Sweep
from p2pkd.study.task import DONE, Task, row_of, run_task

# Gradient steps a second of one worker on a laptop's core, small perceptrons, batches of 32.
STEPS_PER_S = 4_000.0
STARTUP_S = 4.0


@dataclass(frozen=True)
class Estimate:
    """The means of a run, from `runs` of them that were tried without learning."""

    runs: int
    wire_bytes: float
    energy_j: float
    gradient_steps: float
    dry_wall_s: float

    @property
    def wall_s(self) -> float:
        """The wall time of one run with learning, by a rule of thumb."""
        return self.dry_wall_s + self.gradient_steps / STEPS_PER_S


@dataclass(frozen=True)
class Plan:
    """What there is to do: `runs` in all, `left` of them not done yet, simulated time of those.

    Where a search chooses the runs, their numbers are the most that there can be.
    """

    runs: int
    settings: int
    seeds: int
    left: int
    simulated_s: float
    estimate: Estimate | None = None
    searched: bool = False

    def wall_s(self, jobs: int) -> float | None:
        """Return the estimated wall time with *jobs* workers; None without an estimate."""
        if self.estimate is None or not self.left:
            return None
        return STARTUP_S + self.left * self.estimate.wall_s / min(jobs, self.left)


def plan_of(sweep: Sweep, samples: int = 0) -> Plan:
    """Return the plan of *sweep*, with estimates from dry runs of *samples* representatives, one of
    each variant at least.

    Raise RunError if none of these runs.
    """
    strata, size = sweep.strata(), sweep.size
    left = size.runs - len(sweep.complete())
    durations = [fmean(p.loaded.scenario.duration for p in points) for points, _ in strata]
    each_s = fmean(durations, [stratum.left for stratum in strata]) if strata else 0.0
    return Plan(
        runs=size.runs,
        settings=size.settings,
        seeds=size.seeds,
        left=left,
        simulated_s=left * each_s,
        estimate=estimate(strata, samples) if samples else None,
        searched=sweep.study.search is not None,
    )


def representatives(strata: Sequence[Stratum], samples: int) -> list[tuple[Point, float]]:
    """Return *samples* points, evenly spaced and one of each stratum at least; and how many of the
    runs each stands for.
    """
    found = []
    for points, left in strata:
        n = min(-(-samples // len(strata)), len(points))
        found += [(points[i * len(points) // n], left / n) for i in range(n)]
    return found


def estimate(strata: Sequence[Stratum], samples: int) -> Estimate | None:
    """Return the means of dry runs of `representatives`; None where there are none."""
    tried = []
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for point, weight in representatives(strata, samples):
            start = time.perf_counter()
            outcome = run_task(Task.of(point, Path(folder), dry_run=True))
            if outcome.status == DONE:
                wall_s = time.perf_counter() - start
                tried.append((row_of(Path(folder) / point.key) | {"wall_s": wall_s}, weight))
            else:
                problems.append(outcome.error)
    if not tried:
        if problems:
            raise RunError(f"not one of the plan's dry runs went through: {problems[0]}")
        return None

    def mean(key: str) -> float:
        return fmean([row[key] for row, _ in tried], [weight for _, weight in tried])

    return Estimate(
        runs=len(tried),
        wire_bytes=mean("wire_bytes"),
        energy_j=mean("energy_j"),
        gradient_steps=mean("gradient_steps"),
        dry_wall_s=mean("wall_s"),
    )
