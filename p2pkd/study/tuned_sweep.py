"""Running a tuned study: every setting's search first, on its own seeds, then what was best.

The runs of the searches lie in the folder ``tuning`` inside the study's.  As with any search they
are all that is kept: the same runs make the same choice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from p2pkd.analysis.measures.tuning import FOLDER
from p2pkd.study.axes import SEED, VARIANT, Label
from p2pkd.study.point import Point
from p2pkd.study.search import TRIAL
from p2pkd.study.search_sweep import PROPOSED, SearchSweep, Trial
from p2pkd.study.sweep import Size, Stratum, Sweep
from p2pkd.study.table import table_of, write_table
from p2pkd.study.task import Task
from p2pkd.study.tuning import Setting, Tuning, labels_without_runs

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class TunedSweep(Sweep):
    """A tuned study in a folder; `tuners` are the searches, one a setting."""

    tuners: list[SearchSweep] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.made: dict[tuple[int, int], tuple[Point, ...]] = {}
        for setting in self.tuning.settings:
            keys = (dimension.key for dimension in setting.search.space)
            study = replace(
                self.study, columns=(TRIAL, *keys, SEED), tuning=None, search=setting.search
            )
            self.tuners.append(SearchSweep(study, self.folder / FOLDER, self.errors))

    @property
    def tuning(self) -> Tuning:
        """What is tuned."""
        assert self.study.tuning is not None
        return self.study.tuning

    @property
    def folders(self) -> tuple[Path, ...]:
        """The study's folder and that of its tuning."""
        return (self.folder, self.folder / FOLDER)

    @property
    def points(self) -> tuple[Point, ...]:
        """The runs of all settings whose values are chosen."""
        return tuple(point for number in range(len(self.tuners)) for point in self._final(number))

    @property
    def size(self) -> Size:
        """How many runs there are, those of the tuning among them."""
        settings, seeds = len(self.tuners), max(len(self.tuning.seeds), 1)
        runs = sum(tuner.size.runs for tuner in self.tuners) + settings * seeds
        return Size(runs, settings, seeds)

    @property
    def keys(self) -> list[str]:
        """The hashes of all runs that are known, those of the tuning first."""
        points = [point for tuner in self.tuners for point in tuner.points]
        return list(dict.fromkeys(point.key for point in (*points, *self.points)))

    def complete(self) -> set[str]:
        """Return the hashes of all runs that are done."""
        return {key for tuner in self.tuners for key in tuner.complete()} | super().complete()

    def untried(self) -> list[Point]:
        """Return the runs that are left, as far as they are known."""
        return [point for tuner in self.tuners for point in tuner.untried()] + super().untried()

    def strata(self) -> list[Stratum]:
        """Return what is left by variants; trials of two settings may have the same labels."""
        found: dict[Label, Stratum] = {}
        for number, (setting, tuner) in enumerate(
            zip(self.tuning.settings, self.tuners, strict=True)
        ):
            final = self._final(number)
            finals = len(self._left(final)) if final else max(len(self.tuning.seeds), 1)
            points = [*tuner.untried(), *self._left(final)][:1]
            variant = setting.labels.get(VARIANT)
            known = found.get(variant, Stratum((), 0))
            left = known.left + tuner.size.runs - len(tuner.complete()) + finals
            found[variant] = Stratum([*known.points, *points], left)
        return [stratum for stratum in found.values() if stratum.points]

    def stages(self) -> Iterator[list[Task]]:
        """Yield the tuning of all settings side by side, then the runs with what was best."""
        for lists in zip_longest(*(tuner.stages() for tuner in self.tuners), fillvalue=[]):
            tasks = {task.key: task for tasks in lists for task in tasks}
            beats = self.folder / ".beats"
            yield [replace(task, beat=str(beats / key)) for key, task in tasks.items()]
        yield self.tasks(self.points)

    def table(self) -> pd.DataFrame:
        """Return the table as it stands; tuned keys are columns ``tuned:...``."""
        others = [
            labels_without_runs(setting, seed, "tuning: no trial has an objective")
            for setting, tuner in zip(self.tuning.settings, self.tuners, strict=True)
            if _ended(tuner) and best(tuner) is None
            for seed in self.tuning.seeds or (None,)
        ]
        return table_of(self.points, self.study.columns, self.folder, self.errors, others=others)

    def tuning_table(self) -> pd.DataFrame:
        """Return a row per run of the tuning: the setting's labels, then those of its search."""
        import pandas as pd

        parts = []
        for setting, tuner in zip(self.tuning.settings, self.tuners, strict=True):
            part = tuner.table()
            for place, (key, label) in enumerate(setting.labels.items()):
                part.insert(place, key, label)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def write(self, table: pd.DataFrame) -> None:
        """Write *table*, and in the folder ``tuning`` the table of the tuning."""
        super().write(table)
        (self.folder / FOLDER).mkdir(exist_ok=True)
        write_table(self.tuning_table(), self.folder / FOLDER)

    def _final(self, number: int) -> tuple[Point, ...]:
        """Return the runs of a setting with its best values; none while it is being tuned."""
        setting, trial = self.tuning.settings[number], best(self.tuners[number])
        if trial is None:
            return ()
        where = (number, trial.number)
        if where not in self.made:
            self.made[where] = _runs(setting, trial, self.tuning)
        return self.made[where]


def best(tuner: SearchSweep) -> Trial | None:
    """Return the trial of the best mean objective, of equals the first.

    None while there are runs to do, and where no trial has an objective.
    """
    if not _ended(tuner):
        return None
    sign = 1 if tuner.search.spec.objective.maximise else -1
    rated = [(sign * tuner.objective(trial), trial) for trial in tuner.trials]
    usable = [(value, trial) for value, trial in rated if math.isfinite(value)]
    return max(usable, key=lambda pair: pair[0])[1] if usable else None


def _ended(tuner: SearchSweep) -> bool:
    done = all(trial.status != PROPOSED for trial in tuner.trials)
    return done and len(tuner.trials) == tuner.search.trials


def _runs(setting: Setting, trial: Trial, tuning: Tuning) -> tuple[Point, ...]:
    seeds: Any = tuning.seeds or (None,)
    return tuple(setting.make(trial.proposal, seed) for seed in seeds)
