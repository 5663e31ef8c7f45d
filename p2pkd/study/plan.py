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
from p2pkd.study.sweep import Sweep
from p2pkd.study.task import DONE, Task, row_of, run_task

# Gradient steps a second of one worker on a laptop's core, small perceptrons, batches of 32.
STEPS_PER_S = 4_000.0
STARTUP_S = 4.0


@dataclass(frozen=True)
class Estimate:
    """The means over the runs that were tried without learning."""

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
    """Return the plan of *sweep*, with estimates from dry runs of *samples* representatives.

    Raise RunError if none of these runs.
    """
    samples_from, size = sweep.untried(), sweep.size
    left = size.runs - len(sweep.complete())
    each_s = fmean(p.loaded.scenario.duration for p in samples_from) if samples_from else 0.0
    return Plan(
        runs=size.runs,
        settings=size.settings,
        seeds=size.seeds,
        left=left,
        simulated_s=left * each_s,
        estimate=estimate(representatives(samples_from, samples)) if samples else None,
        searched=sweep.study.search is not None,
    )


def representatives(points: Sequence[Point], samples: int) -> list[Point]:
    """Return at most *samples* of *points*, of different settings, evenly spaced."""
    distinct = list({point.setting: point for point in reversed(points)}.values())[::-1]
    n = min(samples, len(distinct))
    return [distinct[i * len(distinct) // n] for i in range(n)]


def estimate(points: Sequence[Point]) -> Estimate | None:
    """Return the means of dry runs of *points*; None where there are none."""
    tried = []
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for point in points:
            start = time.perf_counter()
            outcome = run_task(Task.of(point, Path(folder), dry_run=True))
            if outcome.status == DONE:
                tried.append((row_of(Path(folder) / point.key), time.perf_counter() - start))
            else:
                problems.append(outcome.error)
    if not tried:
        if problems:
            raise RunError(f"not one of the plan's dry runs went through: {problems[0]}")
        return None
    return Estimate(
        runs=len(tried),
        wire_bytes=fmean(row["wire_bytes"] for row, _ in tried),
        energy_j=fmean(row["energy_j"] for row, _ in tried),
        gradient_steps=fmean(row["gradient_steps"] for row, _ in tried),
        dry_wall_s=fmean(wall for _, wall in tried),
    )
