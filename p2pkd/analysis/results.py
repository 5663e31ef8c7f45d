"""Many runs with all that can be asked of them: means and how sure they are, accuracy at a cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from p2pkd.analysis.io.run_set import RunSet
from p2pkd.analysis.measures.equal_cost import at_budgets
from p2pkd.analysis.measures.statistics import Paired, interval_of, paired
from p2pkd.analysis.result import Result
from p2pkd.core.errors import ResultError


class Results(RunSet):
    """Finished runs as `RunSet` has them, with means over seeds and differences between pairs."""

    runs: tuple[Result, ...]

    @staticmethod
    def opened(path: Path) -> Result:
        """Return the run in the directory *path*."""
        return Result.from_dir(path)

    def group(self, by: str | Sequence[str], metric: str, confidence: float = 0.95) -> pd.DataFrame:
        """Return *metric* by setting, in the order of first appearance: ``mean``, ``std``, ``n``,
        ``low`` and ``high``, the limits of the t interval.

        Raise ResultError if there is no such column.
        """
        keys = [by] if isinstance(by, str) else list(by)
        self._require(*keys, metric)
        groups = self.frame.groupby(keys, sort=False, dropna=False)[metric]
        found = {name: vars(interval_of(values, confidence)) for name, values in groups}
        index = pd.MultiIndex.from_tuples(found, names=keys)
        table = pd.DataFrame(list(found.values()), index=index)
        return table.droplevel([]) if len(keys) > 1 else table.set_axis(index.get_level_values(0))

    def paired(self, column: str, a: Any, b: Any, metric: str, confidence: float = 0.95) -> Paired:
        """Return what *metric* gains from *column* = *a* to *b*, all else and the seed equal.

        Runs that differ in one key share all other randomness (common random numbers), so each
        pair's difference is due to that key.  Raise ResultError if there is no pair.
        """
        self._require(column, metric)
        rest = [key for key in [*self.varied, "seed"] if key != column]
        sides = [
            self.frame[self.frame[column] == value].set_index(rest)[metric] for value in (a, b)
        ]
        both = sides[0].index.intersection(sides[1].index)
        if not len(both):
            known = list(dict.fromkeys(self.frame[column]))
            raise ResultError(f"{column}: no pairs of {a!r} and {b!r}; its values are {known}")
        return paired(sides[0].loc[both], sides[1].loc[both], confidence)

    def at(self, *budgets: str, against: str | None = None) -> pd.DataFrame:
        """Return each setting's accuracy at equal cost, and paired differences to *against*.

        ``results.at("1 MB", "10 min", against="isolated")``; the columns are those of
        `measures.equal_cost.at_budgets`, and of ``p2pkd export --table groups --at``.
        """
        return at_budgets(self, budgets, against)

    def __iter__(self) -> Iterator[Result]:
        return iter(self.runs)
