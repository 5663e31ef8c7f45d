"""What a study file may say under `tune:`: a small search a setting, on seeds of its own."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.base import Spec
from p2pkd.scenario.quantities import Count
from p2pkd.study.measures import FinalAccuracy, MeasureSpec
from p2pkd.study.search_spec import GridSearch, RandomSearch, SearchSpec, TpeSearch


class TuneSpec(Spec):
    """How each setting of a study is tuned before it is run on the study's `seeds`.

    Every setting has the same number of trials, each run on every one of these `seeds`; the best by
    the mean of the objective is then run on the study's.
    """

    space: dict[str, Any]
    """Dotted scenario keys: a list of values, labels with values, or ``{from: 1, to: 9}``.

    A variant may have another one, of as many trials, under ``tune: {space: ...}``.
    """
    seeds: Any
    """``[100, 101]`` or ``"100..102"``; none of them may be among the study's."""
    objective: MeasureSpec = FinalAccuracy()
    kind: Literal["grid", "random", "tpe"] = "grid"
    """Who chooses the trials; see the searches of the same names."""
    trials: Count | None = None
    """How many; only for `random` and `tpe`, a grid has all combinations."""
    seed: Annotated[int, Field(ge=0, strict=True)] = 0
    """Of `random` and `tpe`, the same for all settings."""

    @model_validator(mode="after")
    def _trials_are_known(self) -> Self:
        if self.kind == "grid" and self.trials is not None:
            raise ValueError("trials: a grid has all combinations of its space; leave it out")
        if self.kind != "grid" and self.trials is None:
            raise ValueError(f"trials: missing; say how many {self.kind!r} may try")
        return self

    def search(self, space: dict[str, Any], trials: int) -> SearchSpec:
        """Return this as a search of *space*, which all in all has *trials*.

        Trials that do not depend on each other are chosen at once, so that no worker waits.
        """
        common: dict[str, Any] = {"space": space, "objective": self.objective.model_dump()}
        if self.kind == "grid":
            return GridSearch(**common, at_once=trials)
        common |= {"trials": trials, "seed": self.seed}
        if self.kind == "random":
            return RandomSearch(**common, at_once=trials)
        return TpeSearch(**common)
