"""From a study file to the runs it asks for, or to all that is wrong with any of them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from p2pkd.analysis.measures.tuning import TUNED
from p2pkd.core.errors import InputError, Problem, ScenarioError
from p2pkd.scenario.diagnose import problems_in
from p2pkd.scenario.extends import read_text
from p2pkd.scenario.load import Loaded, Written, load_changed, read_written
from p2pkd.scenario.resolve import to_yaml
from p2pkd.scenario.yaml import Node, Place, parse
from p2pkd.study.axes import (
    DRAW,
    SEED,
    VARIANT,
    Axis,
    Combination,
    Label,
    axes_of,
    combinations,
    misshapen,
)
from p2pkd.study.perturb_spec import PerturbSpec
from p2pkd.study.perturbation import axis_of, perturbed
from p2pkd.study.point import Point
from p2pkd.study.search import TRIAL, Search, search_of
from p2pkd.study.spec import StudySpec
from p2pkd.study.tuning import Tuning, tuning_of

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Study:
    """A study, expanded: `points` in the order of its table.

    Where a `search` chooses the runs, or a `tuning` values of theirs, there are no points yet.
    """

    spec: StudySpec
    path: Path
    text: str
    columns: tuple[str, ...]
    points: tuple[Point, ...]
    search: Search | None = None
    tuning: Tuning | None = None

    @property
    def name(self) -> str:
        """The study's name."""
        return self.spec.name


def load_study(path: str | Path) -> Study:
    """Return the study in the file *path* with every scenario it asks for, each validated.

    Raise ScenarioError with one Problem for each mistake, placed in the study file, or in the base
    scenario where the mistake is there.
    """
    path = Path(path)
    text = read_text(path)
    problems: list[Problem] = []
    tree = parse(text, str(path), problems)
    spec = _validated(tree, problems)
    if spec.search is not None:
        return _search_study(spec, tree, path, text, problems)
    axes = axes_of(tree, problems)
    if spec.perturb is not None:
        axes = _with_draws(axes, spec.perturb, tree, problems)
    found = combinations(axes, tree, problems)
    if not problems and not found:
        problems.append(tree.problem("exclude", "leaves no run; take something out of it"))
    _raise(problems, path)
    bases = _bases(tree, path)
    if spec.tune is not None:
        return _tuned_study(spec, tree, path, text, axes)
    shared = set(_places(tree.value["set"])) if "set" in tree.value else set()
    points = _points(found, bases, path, _perturber(spec, tree), shared)
    columns = tuple(dict.fromkeys([*(key for axis in axes for key in axis.keys), SEED]))
    return Study(spec, path, text, columns, points)


def _with_draws(
    axes: list[Axis], spec: PerturbSpec, tree: Node, problems: list[Problem]
) -> list[Axis]:
    """Return *axes* with the draws before the seeds."""
    if "tune" in tree.value:
        node = tree.value["perturb"]
        what = "goes not with tune, whose settings are other than those that would be perturbed"
        problems.append(replace(node, place=node.key_place or node.place).problem("perturb", what))
    return [
        *(a for a in axes if a.keys != (SEED,)),
        axis_of(spec),
        *(a for a in axes if a.keys == (SEED,)),
    ]


def _search_study(
    spec: StudySpec, tree: Node, path: Path, text: str, problems: list[Problem]
) -> Study:
    """Return a study whose settings are searched; every value of its space has been tried on."""
    search = search_of(spec, tree, problems)
    _raise(problems, path)
    base = _written(tree.value["base"], "base", path)
    search = replace(search, make=lambda combination: _point(combination, base))
    _points(search.samples(), {None: base}, path)
    columns = (TRIAL, *(dimension.key for dimension in search.space), SEED)
    return Study(spec, path, text, columns, (), search)


def _tuned_study(spec: StudySpec, tree: Node, path: Path, text: str, axes: list[Axis]) -> Study:
    """Return a study whose settings are tuned; every value has been tried on with each."""
    problems: list[Problem] = []
    bases = _bases(tree, path)
    labels = [axis for axis in axes if axis.keys != (SEED,)]

    def make(variant: Label, combination: Combination) -> Point:
        return _point(combination, bases[variant])

    # Exclusions may name seeds, but what is tuned has none yet.
    found = combinations(labels, tree, problems)
    tuning = tuning_of(spec, tree, found, make, problems)
    _raise(problems, path)
    keys = [key for axis in labels for key in axis.keys]
    columns = (*keys, *(TUNED + key for key in tuning.keys), SEED)
    return Study(spec, path, text, columns, (), tuning=tuning)


def _validated(tree: Node, problems: list[Problem]) -> StudySpec:
    if not isinstance(tree.value, dict):
        what = "must be a mapping of keys such as 'base: quickstart.yaml'"
        raise ScenarioError([*problems, tree.problem("", what)])
    try:
        spec = StudySpec.model_validate(tree.plain())
    except ValidationError as error:
        raise ScenarioError([*problems, *problems_in(error, tree, StudySpec)]) from None
    shapes = misshapen(tree)
    if shapes:
        raise ScenarioError([*problems, *shapes])
    return spec


def _bases(tree: Node, path: Path) -> dict[Label, Written]:
    """Return the base scenario of each variant, under its name; the study's own under None."""
    bases: dict[Label, Written] = {None: _written(tree.value["base"], "base", path)}
    variants = tree.value.get("variants")
    for name, variant in variants.value.items() if variants else ():
        own = variant.value.get("base")
        bases[name] = _written(own, f"variants.{name}.base", path) if own else bases[None]
    return bases


def _written(node: Node, key: str, study: Path) -> Written:
    path = Path(os.path.normpath(study.parent / str(node.value)))
    if not path.is_file():
        raise ScenarioError([node.problem(key, f"no such file: {path}")])
    return read_written(path)


Perturber = Callable[[Loaded, Combination], tuple[Node, ...]]
"""Returns the changes that a combination has beside its own, given the scenario without them."""


def _perturber(spec: StudySpec, tree: Node) -> Perturber | None:
    perturb = spec.perturb
    if perturb is None:
        return None
    written = tree.value["perturb"]
    return lambda loaded, which: perturbed(loaded, perturb, written, int(str(which.labels[DRAW])))


def _points(
    found: list[Combination],
    bases: dict[Label, Written],
    path: Path,
    perturber: Perturber | None = None,
    shared: Collection[Place] = (),
) -> tuple[Point, ...]:
    """Return the points of all combinations *found*; *shared* are the places of what all have."""
    points: list[Point] = []
    problems: dict[Problem, Combination] = {}
    told: set[tuple[Problem, str]] = set()
    for combination in found:
        written = bases[combination.labels.get(VARIANT)]
        try:
            points.append(_point(combination, written, perturber))
        except ScenarioError as error:
            for problem in error.problems:
                # What differs between seeds in a number alone is one mistake.
                alike = problem._replace(message=_NUMBER.sub("#", problem.message))
                setting = str({k: v for k, v in combination.labels.items() if k != SEED})
                if (alike, setting) in told:
                    continue
                told.add((alike, setting))
                # The first combination with a mistake is named where that is not told by its place.
                problems.setdefault(problem, combination)
    _raise([_told(problem, which, path, shared) for problem, which in problems.items()], path)
    return tuple(points)


def _point(combination: Combination, written: Written, perturber: Perturber | None = None) -> Point:
    loaded = load_changed(written, combination.changes)
    more = perturber(loaded, combination) if perturber else ()
    if more:
        loaded = load_changed(written, (*combination.changes, *more))
    loaded = _one_thread(loaded)
    try:
        _check_world(loaded)
    except InputError as error:
        raise _with_places(loaded.located(error), loaded) from None
    text = to_yaml(loaded.scenario)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Point({**combination.labels, SEED: loaded.scenario.seed}, key, loaded, text)


def _one_thread(loaded: Loaded) -> Loaded:
    """Return *loaded* with one thread a run: it is the workers that keep all cores busy."""
    scenario = loaded.scenario
    if scenario.execution.threads is not None:
        return loaded
    execution = scenario.execution.model_copy(update={"threads": 1})
    return replace(loaded, scenario=scenario.model_copy(update={"execution": execution}))


def _check_world(loaded: Loaded) -> None:
    """Raise InputError where devices, graph or servers cannot be made, or nobody could fail."""
    from p2pkd.core.rng import Streams
    from p2pkd.world.catalogue import resolve
    from p2pkd.world.graphs import build_topology
    from p2pkd.world.hierarchy import build_hierarchy
    from p2pkd.world.names import Names

    scenario = loaded.scenario
    resolve(scenario.devices)
    topology = build_topology(
        scenario.topology, scenario.agents, Streams(scenario.seed), loaded.base
    )
    if scenario.aggregators is not None:
        build_hierarchy(scenario.aggregators, topology)
    for number, failure in enumerate(scenario.churn.failures if scenario.churn else ()):
        Names(topology).all_of(failure.agents or (), f"churn.failures.{number}.agents")


def _with_places(error: InputError, loaded: Loaded) -> ScenarioError:
    """Return *error* as problems; one without a key is placed at the graph, which it is about."""
    if isinstance(error, ScenarioError):
        return error
    node = loaded.tree.value.get("topology", loaded.tree)
    return ScenarioError([node.problem("topology", str(error))])


def _places(node: Node) -> Iterator[Place]:
    """Yield where *node*, and all that is in it, is written."""
    yield node.place
    if node.key_place is not None:
        yield node.key_place
    if isinstance(node.value, dict | list):
        for inner in node.value.values() if isinstance(node.value, dict) else node.value:
            yield from _places(inner)


def _told(
    problem: Problem, which: Combination, path: Path, shared: Collection[Place] = ()
) -> Problem:
    if problem.file == str(path) and Place(*problem[:3]) not in shared:
        return problem
    labels = ", ".join(f"{key}={label}" for key, label in which.labels.items())
    return problem._replace(message=f"{problem.message} (in the study's run {labels})")


def _raise(problems: list[Problem], path: Path) -> None:
    if problems:
        first = str(path)
        unique = dict.fromkeys(problems)
        raise ScenarioError(
            sorted(unique, key=lambda p: (p.file != first, p.file, p.line, p.column))
        )
