"""Running a search: trials are chosen, run seed by seed, and their objectives told.

Nothing of the search is kept but its runs.  A sampler that is asked again, and told again what the
runs on disk came to, chooses the same trials; so a search goes on where it was stopped, and does
not depend on how many workers there are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

from p2pkd.core.errors import ScenarioError
from p2pkd.study.point import Point
from p2pkd.study.pruning import Bars, bars_of
from p2pkd.study.samplers import Proposal, Sampler
from p2pkd.study.search import TRIAL, Search
from p2pkd.study.sweep import Size, Sweep
from p2pkd.study.table import objective_of, table_of
from p2pkd.study.task import DONE, FAILED, PRUNED, Task, status_of

if TYPE_CHECKING:
    import pandas as pd

PROPOSED = "proposed"


@dataclass
class Trial:
    """One setting: its points so far, one a seed, and what became of it.

    `status` is ``proposed``, ``done``, ``pruned`` or ``failed``; a trial whose run at one seed is
    given up or fails is not run at the others.
    """

    number: int
    proposal: Proposal
    points: list[Point] = field(default_factory=list)
    status: str = PROPOSED


@dataclass
class SearchSweep(Sweep):
    """A search in a folder; `trials` are those chosen so far, by what lies in the folder."""

    trials: list[Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._replay()

    @property
    def search(self) -> Search:
        """What is searched."""
        assert self.study.search is not None
        return self.study.search

    @property
    def points(self) -> tuple[Point, ...]:
        """The runs of all trials chosen so far."""
        return tuple(point for trial in self.trials for point in trial.points)

    @property
    def size(self) -> Size:
        """How many runs there are if no trial is given up that has not been so far."""
        trials, seeds = self.search.trials, self.search.repetitions
        over = [trial for trial in self.trials if trial.status in (PRUNED, FAILED)]
        spared = sum(seeds - len(trial.points) for trial in over)
        return Size(trials * seeds - spared, trials, seeds)

    def complete(self) -> set[str]:
        """Return the hashes of the runs that are done or were given up."""
        return {key for key in self.keys if status_of(self.folder / key) in (DONE, PRUNED)}

    def table(self) -> pd.DataFrame:
        """Return the table as it stands, trial by trial."""
        measure = self.search.spec.objective
        labels = [self._labels(trial) for trial in self.trials if not trial.points]
        return table_of(
            self.points, self.study.columns, self.folder, self.errors, measure, labels
        ).sort_values(TRIAL, kind="stable", ignore_index=True)

    def _labels(self, trial: Trial) -> dict[str, Any]:
        """Return the row of a trial that has no runs, since it is no scenario."""
        labels = self.search.combination(trial.number, trial.proposal, 0).labels
        error = self.errors.get(f"trial {trial.number}", "")
        return {**labels, "run": "", "status": trial.status, "error": error}

    def stages(self) -> Iterator[list[Task]]:
        """Yield what is to be run: a few trials at one seed, then at the next, then other trials.

        What came of it is read from the folder when the next list is asked for.
        """
        sampler = self.search.sampler()
        self.trials = []
        while batch := self._chosen(sampler):
            self.trials += batch
            for repetition in range(self.search.repetitions):
                live = [trial for trial in batch if trial.status == PROPOSED]
                points = [p for trial in live if (p := self._point(trial, repetition))]
                yield self.tasks(points, self._bars(batch, points))
                for trial in live:
                    self._judge(trial)
            for trial in batch:
                trial.status = DONE if trial.status == PROPOSED else trial.status
                sampler.tell(trial.number, trial.status, self.objective(trial))

    def _replay(self) -> None:
        """Choose again what was chosen before, up to the first run that is not known."""
        for tasks in self.stages():
            if any(task.key not in self.errors for task in tasks):
                return

    def _chosen(self, sampler: Sampler) -> list[Trial]:
        first = len(self.trials)
        proposals = (sampler.ask() for _ in range(self.search.spec.at_once))
        return [Trial(first + i, proposal) for i, proposal in enumerate(proposals) if proposal]

    def _point(self, trial: Trial, repetition: int) -> Point | None:
        """Return the trial's next run; None, and the trial has failed, if it is no scenario."""
        combination = self.search.combination(trial.number, trial.proposal, repetition)
        try:
            point = self.search.make(combination)
        except ScenarioError as error:
            trial.status = FAILED
            self.errors[f"trial {trial.number}"] = " ".join(str(error).split())
            return None
        trial.points.append(point)
        return point

    def _bars(self, batch: list[Trial], points: list[Point]) -> Bars:
        """Return what runs must reach: medians of earlier batches at the same seed."""
        if not points:
            return ()
        scenario = points[0].loaded.scenario
        earlier = self.trials[: batch[0].number]
        runs = {
            self.folder / point.key: None
            for trial in earlier
            for point in trial.points
            if point.loaded.scenario.seed == scenario.seed
        }
        done = [run for run in runs if status_of(run) == DONE]
        return bars_of(self.search.spec.prune, done, scenario.duration)

    def _judge(self, trial: Trial) -> None:
        """Tell by the last run of *trial* whether it goes on."""
        if trial.points:
            status = status_of(self.folder / trial.points[-1].key)
            trial.status = {DONE: PROPOSED, PRUNED: PRUNED}.get(str(status), FAILED)

    def objective(self, trial: Trial) -> float:
        """Return the mean over seeds; nan if one has none, or the trial is not done."""
        if trial.status != DONE:
            return math.nan
        measure = self.search.spec.objective
        values = [objective_of(self.folder / point.key, measure) for point in trial.points]
        return fmean(values) if all(map(math.isfinite, values)) else math.nan
