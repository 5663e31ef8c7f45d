"""Who chooses the next trial: a grid, or Optuna's samplers.

A sampler is asked for trials in order and told what became of them in order, so that asking again
with the same answers gives the same trials: that is all a search needs to be resumed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from p2pkd.core.errors import InputError
from p2pkd.study.axes import Value
from p2pkd.study.search_spec import RandomSearch, SearchSpec, TpeSearch
from p2pkd.study.space import Dimension

Proposal = Mapping[str, Value]


class Sampler(Protocol):
    """Chooses values for all keys of a space, trial by trial."""

    def ask(self) -> Proposal | None:
        """Return the next trial's values; None when there are no more."""

    def tell(self, number: int, status: str, objective: float) -> None:
        """Learn what became of trial *number*: ``done``, ``pruned`` or ``failed``."""


def sampler_of(spec: SearchSpec, space: Sequence[Dimension]) -> Sampler:
    """Return the sampler that *spec* asks for, at its start.

    Raise InputError where its package is not installed.
    """
    return Asked(spec, space) if isinstance(spec, RandomSearch) else Grid(space)


class Grid:
    """Every combination, the last key changing fastest.

    Optuna's `GridSampler` shuffles, and of equal trials the first counts.
    """

    def __init__(self, space: Sequence[Dimension]) -> None:
        self._left = _combinations(space)

    def ask(self) -> Proposal | None:
        """Return the next combination."""
        return next(self._left, None)

    def tell(self, number: int, status: str, objective: float) -> None:
        """Take no note."""


def _combinations(space: Sequence[Dimension]) -> Iterator[Proposal]:
    for values in itertools.product(*(dimension.grid() for dimension in space)):
        yield dict(zip((dimension.key for dimension in space), values, strict=True))


class Asked:
    """A sampler of Optuna's with a study in memory, which is asked and told.

    Trials that `TPESampler` chooses together are told apart by its constant liar.
    """

    def __init__(self, spec: RandomSearch, space: Sequence[Dimension]) -> None:
        try:
            import optuna
        except ImportError:
            raise InputError(
                f"search.kind {spec.kind}: Optuna is not installed; pip install 'p2pkd[search]'"
            ) from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.space = space
        self.left = spec.trials
        self.states: Any = optuna.trial.TrialState
        sampler: Any = optuna.samplers.RandomSampler(seed=spec.seed)
        if isinstance(spec, TpeSearch):
            sampler = optuna.samplers.TPESampler(
                seed=spec.seed,
                n_startup_trials=spec.startup,
                multivariate=True,
                constant_liar=True,
            )
        maximise = spec.objective.maximise
        self.study = optuna.create_study(
            direction="maximize" if maximise else "minimize", sampler=sampler
        )
        # What a run is worth that never came to what was asked for.
        self.worst = -math.inf if maximise else math.inf
        self.trials: list[Any] = []

    def ask(self) -> Proposal | None:
        """Return what the sampler thinks best."""
        if not self.left:
            return None
        self.left -= 1
        self.trials.append(trial := self.study.ask())
        return {dimension.key: dimension.suggested(trial) for dimension in self.space}

    def tell(self, number: int, status: str, objective: float) -> None:
        """Tell the sampler; TPE takes what was given up for worse than all that was not."""
        trial = self.trials[number]
        if status == "done":
            self.study.tell(trial, self.worst if math.isnan(objective) else objective)
        else:
            pruned = status == "pruned"
            self.study.tell(trial, state=self.states.PRUNED if pruned else self.states.FAIL)
