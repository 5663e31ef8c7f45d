"""What a study file may say under `search:`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.quantities import Count, Duration
from p2pkd.study.measures import FinalAccuracy, MeasureSpec


class PruneSpec(Spec):
    """When a run is given up: its best accuracy so far is below the median of others by then.

    The others are the complete runs of the same seed; the rule is that of Optuna's MedianPruner.
    """

    rule: Literal["median"] = "median"
    after: Count = 4
    """Complete runs that there must be to compare with."""
    warm_up: Duration = Field(0.0)
    """Simulated time for which no run is given up."""


class SearchSpec(Family, root=True):
    """How the runs of a study are chosen."""

    plural = "searches"

    space: dict[str, Any]
    """Dotted scenario keys: a list of values, labels with values, or ``{from: 1, to: 9}``."""
    objective: MeasureSpec = FinalAccuracy()
    prune: PruneSpec | None = None
    at_once: Count = 4
    """Trials that are chosen together, so that the search does not depend on `--jobs`."""


class GridSearch(SearchSpec):
    """Every combination of the values; ranges have as many values as their `points`."""

    kind: Literal["grid"] = "grid"


class RandomSearch(SearchSpec):
    """Values drawn at random, each key on its own.

    Bergstra and Bengio, JMLR 13, 2012.
    """

    kind: Literal["random"] = "random"
    trials: Count
    seed: Annotated[int, Field(ge=0, strict=True)] = 0
    """Of the search; the runs' seeds stand under the study's `seeds`."""


class TpeSearch(RandomSearch):
    """Optuna's tree-structured Parzen estimator, multivariate (extra `search`).

    Bergstra et al., NeurIPS 2011; Akiba et al., KDD 2019.
    """

    kind: Literal["tpe"] = "tpe"  # type: ignore[assignment]
    startup: Count = 8
    """Trials drawn at random before the estimator has a say."""
