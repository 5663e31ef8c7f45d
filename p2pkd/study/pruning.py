"""Giving up on a run while it goes, since others were better by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from p2pkd.core.errors import Pruned
from p2pkd.core.records import Observer, PopulationRecord
from p2pkd.study.search_spec import PruneSpec

if TYPE_CHECKING:
    import pandas as pd

Bars = tuple[tuple[float, float], ...]


class Pruner(Observer):
    """Ends the run, by raising Pruned, at the first evaluation that is not good enough.

    *bars* are pairs of a simulated time and the accuracy that must have been reached by then.
    """

    def __init__(self, bars: Bars) -> None:
        self.bars = dict(bars)
        self.best = 0.0

    def population(self, record: PopulationRecord) -> None:
        """Compare the best accuracy so far with the bar."""
        self.best = max(self.best, record.accuracy_mean)
        bar = self.bars.get(record.time_s)
        if bar is not None and self.best < bar:
            raise Pruned(
                f"given up at {record.time_s:g} s: accuracy {100 * self.best:.1f} %, "
                f"the median of earlier runs was {100 * bar:.1f} %"
            )


def bars_of(spec: PruneSpec | None, runs: Sequence[Path], before_s: float) -> Bars:
    """Return the medians of the accuracies of the complete *runs*, time by time.

    Only times from the warm-up to *before_s*, excluded, at which enough runs were evaluated.
    """
    if spec is None or len(runs) < spec.after:
        return ()
    import pandas as pd

    table = pd.concat(list(_accuracies(runs)), axis="columns")
    enough = table[table.notna().sum(axis=1) >= spec.after]
    medians = enough.median(axis=1).sort_index()
    pairs = zip(medians.index.tolist(), medians.tolist(), strict=True)
    return tuple((time, bar) for time, bar in pairs if spec.warm_up <= time < before_s)


def _accuracies(runs: Sequence[Path]) -> Iterator[pd.Series]:
    from p2pkd.analysis.result import Result

    for run in runs:
        yield Result.from_dir(run).population.set_index("time_s")["accuracy_mean"]
