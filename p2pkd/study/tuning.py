"""The tuning of a study: one search of the same budget for each of its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from p2pkd.analysis.measures.tuning import TUNED
from p2pkd.core.errors import Problem, ScenarioError
from p2pkd.scenario.yaml import Node
from p2pkd.study.axes import SEED, VARIANT, Combination, Label, Value, seeds_of
from p2pkd.study.point import Point
from p2pkd.study.samplers import Proposal
from p2pkd.study.search import Search
from p2pkd.study.space import Dimension, combinations_in, space_of
from p2pkd.study.spec import StudySpec


@dataclass(frozen=True)
class Setting:
    """What is tuned: its labels without the seed, its changes, and the search for its values."""

    labels: Mapping[str, Label]
    changes: tuple[Node, ...]
    search: Search

    def chosen(self, proposal: Proposal, seed: Value | None) -> Combination:
        """Return the run with the values of *proposal* at one of the study's seeds."""
        labels = {**self.labels, **{TUNED + key: value.label for key, value in proposal.items()}}
        changes = [change for value in proposal.values() for change in value.changes]
        if seed is not None:
            labels[SEED] = seed.label
            changes += seed.changes
        return Combination(labels, (*self.changes, *changes))

    def make(self, proposal: Proposal, seed: Value | None) -> Point:
        """Return that run as a point, its labels being those of `chosen`."""
        return self.search.make(self.chosen(proposal, seed))


@dataclass(frozen=True)
class Tuning:
    """All settings, and the `seeds` that are reported; empty: the base's own."""

    settings: tuple[Setting, ...]
    seeds: tuple[Value, ...]

    @property
    def trials(self) -> int:
        """How many trials each setting has."""
        return self.settings[0].search.trials

    @property
    def repetitions(self) -> int:
        """On how many seeds each trial is run."""
        return self.settings[0].search.repetitions

    @property
    def keys(self) -> tuple[str, ...]:
        """The tuned keys of all settings."""
        keys = (dimension.key for setting in self.settings for dimension in setting.search.space)
        return tuple(dict.fromkeys(keys))

    def samples(self) -> tuple[Point, ...]:
        """Return the points of all settings as they are in their first trials."""
        seeds: Sequence[Value | None] = self.seeds or (None,)
        firsts = [(setting, setting.search.sampler().ask() or {}) for setting in self.settings]
        return tuple(setting.make(first, seed) for setting, first in firsts for seed in seeds)


def tuning_of(
    spec: StudySpec,
    tree: Node,
    found: Sequence[Combination],
    make: Callable[[Label, Combination], Point],
    problems: list[Problem],
) -> Tuning:
    """Return the tuning of the settings *found*, combinations without a seed.

    *make* turns a combination into a point over the base of a variant, None where there are none.

    What is wrong with it goes to *problems*: spaces of unequal size, keys that are an axis too or
    that a setting does not have, and seeds that are to be reported.
    """
    assert spec.tune is not None
    node = tree.value["tune"]
    spaces = _spaces(tree, spec.tune.kind, problems)
    seeds = seeds_of(node.value["seeds"], problems, "tune.seeds")
    reported = seeds_of(tree.value.get("seeds"), problems)
    _check_axes(tree, problems)
    if problems:
        return Tuning((), ())
    counts = {name: spec.tune.trials or combinations_in(space) for name, space in spaces.items()}
    _check_budget(tree, counts, problems)
    searches = {
        name: Search(spec.tune.search({}, counts[name]), space, tuple(seeds), ())
        for name, space in spaces.items()
    }
    settings = []
    for combination in found:
        variant = combination.labels.get(VARIANT)
        search = searches[variant if variant in searches else None]
        own = replace(search, shared=combination.changes, make=partial(make, variant))
        settings.append(Setting(combination.labels, combination.changes, own))
    _check_keys(settings, problems)
    tuning = Tuning(tuple(settings), tuple(reported))
    if not problems:
        _check_seeds(tuning, node.value["seeds"], problems)
    return tuning


def _spaces(tree: Node, kind: str, problems: list[Problem]) -> dict[Label, tuple[Dimension, ...]]:
    """Return the space of each variant that has one of its own; the study's under None."""
    spaces: dict[Label, tuple[Dimension, ...]] = {
        None: space_of(tree.value["tune"].value["space"], kind, problems, "tune.space")
    }
    for name, variant in _variants(tree).items():
        own = variant.value.get("tune")
        if own is None:
            continue
        path = f"variants.{name}.tune"
        given = own.value if isinstance(own.value, dict) else {}
        if set(given) != {"space"} or not isinstance(given["space"].value, dict):
            what = "must be {space: {...}}; seeds, objective and trials are the same for all"
            problems.append(own.problem(path, what))
            continue
        spaces[name] = space_of(given["space"], kind, problems, f"{path}.space")
    return spaces


def _variants(tree: Node) -> dict[str, Node]:
    node = tree.value.get("variants")
    return node.value if node is not None and node.value else {}


def _check_axes(tree: Node, problems: list[Problem]) -> None:
    if "remove" in tree.value:
        node = tree.value["remove"]
        what = "goes not with tune; tune first, then remove agents in a study of their own"
        problems.append(replace(node, place=node.key_place or node.place).problem("remove", what))
    for name in ("matrix", "zip"):
        axes = tree.value.get(name)
        for key in axes.value if axes is not None and axes.value else ():
            if key in tree.value["tune"].value["space"].value:
                what = f"is in tune.space too; what is tuned cannot be an axis of {name}"
                problems.append(axes.value[key].problem(f"{name}.{key}", what))


def _check_budget(tree: Node, counts: Mapping[Label, int], problems: list[Problem]) -> None:
    wanted = counts[None]
    for name, count in counts.items():
        if count != wanted:
            node = tree.value["variants"].value[name].value["tune"].value["space"]
            what = f"{count} trials, where the others have {wanted}; give all the same budget"
            problems.append(node.problem(f"variants.{name}.tune.space", what))


def _check_keys(settings: Sequence[Setting], problems: list[Problem]) -> None:
    """Try each value of each setting's space; a key that it does not have is told with its name."""
    for setting in settings:
        name = ", ".join(f"{key}={label}" for key, label in setting.labels.items()) or "the base"
        for sample in setting.search.samples():
            try:
                setting.search.make(sample)
            except ScenarioError as error:
                for problem in error.problems:
                    hint = f" (in tuning {name}; a variant may have a tune.space of its own)"
                    told = problem._replace(message=problem.message + hint)
                    if told not in problems:
                        problems.append(told)


def _check_seeds(tuning: Tuning, node: Node, problems: list[Problem]) -> None:
    reported = {point.labels[SEED] for point in tuning.samples()}
    both = sorted(reported & {seed.label for seed in tuning.settings[0].search.seeds}, key=str)
    if both:
        text = ", ".join(map(str, both))
        what = f"{text} would be tuned on and reported; choose others"
        problems.append(node.problem("tune.seeds", what))


def labels_without_runs(setting: Setting, seed: Value | None, error: str) -> dict[str, Any]:
    """Return the row of a setting for which no values could be chosen."""
    named = {} if seed is None else {SEED: seed.label}
    return {**setting.labels, **named, "run": "", "status": "failed", "error": error}
