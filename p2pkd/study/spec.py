"""What a study file may say: which scenarios to run, as changes to a base."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from p2pkd.scenario.base import Spec
from p2pkd.study.perturb_spec import PerturbSpec
from p2pkd.study.search_spec import SearchSpec
from p2pkd.study.tune_spec import TuneSpec


class StudySpec(Spec):
    """A study: every combination of `variants`, `matrix`, `zip` and `seeds` is one run.

    An axis is a list of values, or a mapping from labels to values.  Keys are dotted scenario
    keys, ``method.learn.lr``; values are laid over the base together, as ``--set`` would be; of two
    for one key that holds which comes later in `set`, `variants`, `matrix`, `zip`, `remove`, seed,
    `perturb`.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    description: str = ""
    base: str
    """The scenario file, relative to the study file."""
    set: dict[str, Any] = Field({})
    """Changes that all runs share."""
    variants: dict[str, Any] = Field({})
    """Named groups of changes; `base` in one replaces the base scenario, `tune` the space."""
    matrix: dict[str, Any] = Field({})
    """Axes: each value of one with each value of all others."""
    zip: dict[str, Any] = Field({})
    """Axes of equal length that advance together."""
    exclude: tuple[dict[str, Any], ...] = ()
    """Combinations to leave out: a run that agrees with all keys of one entry."""
    search: SearchSpec | None = None
    """Chooses the settings, instead of `variants`, `matrix`, `zip` and `exclude`."""
    tune: TuneSpec | None = None
    """Before it is run on `seeds`, each setting is tuned, all with the same budget."""
    perturb: PerturbSpec | None = None
    """Each run also with other figures than the base says, drawn at random: how robust is it?"""
    remove: Any = None
    """``[0, 3]``, ``"0..7"`` or names: each run also without one of these, from the start."""
    seeds: Any = None
    """``[0, 1]``, ``"0..4"`` or both mixed; a single number is that seed, no count.  Default: the
    base's own seed."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth knowing about what is written: where seeds may have been meant as a count.

        A number of a list, and 0 and 1, can hardly be meant so.
        """
        parts = {"seeds": self, "tune.seeds": self.tune}
        found = {key: getattr(part, "seeds", None) for key, part in parts.items()}
        return tuple(
            f"{key}: {seed} is seed {seed} alone; {seed} seeds are 0..{seed - 1}"
            for key, seed in found.items()
            if isinstance(seed, int) and seed > 1
        )
