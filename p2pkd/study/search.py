"""A search, as a study file describes it: what is varied, by whom, and to what end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from p2pkd.core.errors import Problem
from p2pkd.scenario.yaml import Node
from p2pkd.study.axes import SEED, Combination, Value, changes_in, seeds_of
from p2pkd.study.point import Point
from p2pkd.study.samplers import Proposal, Sampler, sampler_of
from p2pkd.study.search_spec import RandomSearch, SearchSpec
from p2pkd.study.space import Choice, Dimension, combinations_in, space_of
from p2pkd.study.spec import StudySpec

TRIAL = "trial"


def _no_maker(combination: Combination) -> Point:
    raise TypeError("a search makes points once its base scenario is known")


@dataclass(frozen=True)
class Search:
    """What is searched: `space`; each trial runs once for each of `seeds`.

    `shared` are the changes of the study's ``set``; `make` turns a combination of labels and
    changes into a point, and raises ScenarioError where that is no scenario.
    """

    spec: SearchSpec
    space: tuple[Dimension, ...]
    seeds: tuple[Value, ...]
    shared: tuple[Node, ...]
    make: Callable[[Combination], Point] = _no_maker

    @property
    def trials(self) -> int:
        """How many trials there will be."""
        if isinstance(self.spec, RandomSearch):
            return self.spec.trials
        return combinations_in(self.space)

    @property
    def repetitions(self) -> int:
        """How many runs a trial has that is not given up."""
        return max(len(self.seeds), 1)

    def sampler(self) -> Sampler:
        """Return who chooses the trials, at the start."""
        return sampler_of(self.spec, self.space)

    def combination(self, trial: int, proposal: Proposal, repetition: int) -> Combination:
        """Return the labels and changes of one run of a trial."""
        labels = {TRIAL: trial, **{key: value.label for key, value in proposal.items()}}
        changes = [change for value in proposal.values() for change in value.changes]
        if self.seeds:
            seed = self.seeds[repetition]
            labels[SEED] = seed.label
            changes += seed.changes
        return Combination(labels, (*self.shared, *changes))

    def samples(self) -> list[Combination]:
        """Return combinations that have each choice, and both ends of each range, once."""
        middle = {dimension.key: _trials_of(dimension)[0] for dimension in self.space}
        proposals = [
            {**middle, dimension.key: value}
            for dimension in self.space
            for value in _trials_of(dimension)
        ]
        return [self.combination(0, proposal, 0) for proposal in proposals]


def search_of(spec: StudySpec, tree: Node, problems: list[Problem]) -> Search:
    """Return the search of a study; what is wrong with it goes to *problems*."""
    assert spec.search is not None
    for key in ("variants", "matrix", "zip", "exclude", "remove", "tune", "perturb"):
        if key in tree.value:
            what = "goes not with search; put its values into search.space"
            node = tree.value[key]
            problems.append(replace(node, place=node.key_place or node.place).problem(key, what))
    space = space_of(tree.value["search"].value["space"], spec.search.tag_value, problems)
    seeds = seeds_of(tree.value.get("seeds"), problems)
    return Search(spec.search, space, tuple(seeds), tuple(changes_in(tree.value.get("set"))))


def _trials_of(dimension: Dimension) -> list[Value]:
    if isinstance(dimension, Choice):
        return list(dimension.values)
    return [dimension.value(dimension.low), dimension.value(dimension.high)]
