"""Who chooses the next trial: a grid, chance, or Optuna's estimator.

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
from p2pkd.study.space import Choice, Dimension

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
    if isinstance(spec, TpeSearch):
        return Tpe(spec, space)
    if isinstance(spec, RandomSearch):
        return Listed(_random(spec, space))
    return Listed(_grid(space))


class Listed:
    """Trials that do not depend on what came of earlier ones."""

    def __init__(self, proposals: Iterator[Proposal]) -> None:
        self._left = proposals

    def ask(self) -> Proposal | None:
        """Return the next on the list."""
        return next(self._left, None)

    def tell(self, number: int, status: str, objective: float) -> None:
        """Take no note."""


class Tpe:
    """Optuna's `TPESampler`; trials asked for together are told apart by its constant liar."""

    def __init__(self, spec: TpeSearch, space: Sequence[Dimension]) -> None:
        try:
            import optuna
        except ImportError:
            raise InputError(
                "search.kind tpe: Optuna is not installed; pip install 'p2pkd[search]'"
            ) from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.space = space
        self.left = spec.trials
        self.states: Any = optuna.trial.TrialState
        self.study = optuna.create_study(
            direction="maximize" if spec.objective.maximise else "minimize",
            sampler=optuna.samplers.TPESampler(
                seed=spec.seed,
                n_startup_trials=spec.startup,
                multivariate=True,
                constant_liar=True,
            ),
        )
        # What a run is worth that never came to what was asked for.
        self.worst = -math.inf if spec.objective.maximise else math.inf
        self.trials: list[Any] = []

    def ask(self) -> Proposal | None:
        """Return what the estimator thinks best."""
        if not self.left:
            return None
        self.left -= 1
        trial = self.study.ask()
        self.trials.append(trial)
        return {dimension.key: _suggested(trial, dimension) for dimension in self.space}

    def tell(self, number: int, status: str, objective: float) -> None:
        """Tell the estimator; it takes what was given up for worse than all that was not."""
        trial = self.trials[number]
        if status == "done":
            self.study.tell(trial, self.worst if math.isnan(objective) else objective)
        else:
            pruned = status == "pruned"
            self.study.tell(trial, state=self.states.PRUNED if pruned else self.states.FAIL)


def _suggested(trial: Any, dimension: Dimension) -> Value:
    key = dimension.key
    if isinstance(dimension, Choice):
        number: int = trial.suggest_categorical(key, range(len(dimension.values)))
        return dimension.values[number]
    low, high, log = dimension.low, dimension.high, dimension.log
    if not dimension.step:
        return dimension.value(trial.suggest_float(key, low, high, log=log))
    step = 1 if log else dimension.step  # Optuna has no steps on a log scale; `value` rounds.
    return dimension.value(trial.suggest_int(key, int(low), int(high), step=step, log=log))


def _grid(space: Sequence[Dimension]) -> Iterator[Proposal]:
    for values in itertools.product(*(dimension.grid() for dimension in space)):
        yield dict(zip((dimension.key for dimension in space), values, strict=True))


def _random(spec: RandomSearch, space: Sequence[Dimension]) -> Iterator[Proposal]:
    from p2pkd.core.rng import Streams

    streams = Streams(spec.seed)
    for number in range(spec.trials):
        shares = streams.generator("search", number).random(len(space)).tolist()
        yield {d.key: d.at(share) for d, share in zip(space, shares, strict=True)}
