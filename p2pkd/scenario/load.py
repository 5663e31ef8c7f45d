"""From a scenario file to a `Scenario`, or to all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from p2pkd.core.errors import InputError, Problem, ScenarioError
from p2pkd.scenario.changes import change
from p2pkd.scenario.diagnose import problems_about, problems_in
from p2pkd.scenario.extends import extended, read_extended, read_text
from p2pkd.scenario.graph_object import with_plain_graph
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.merge import Loss
from p2pkd.scenario.origins import departures, unused
from p2pkd.scenario.overrides import override_changes
from p2pkd.scenario.presets import expand
from p2pkd.scenario.resolve import to_plain, to_yaml
from p2pkd.scenario.yaml import DUPLICATE, Node, Place, node_of

if TYPE_CHECKING:
    from p2pkd.scenario.scenario import Scenario


@dataclass(frozen=True)
class Loaded:
    """A scenario and where it came from.

    `text` is the file as it was given; `resolved` the whole scenario as plain data, with what it
    extends, presets, overrides and defaults; `base` the folder that paths are relative to;
    `departures` what it says otherwise than its preset requires, `unused` what of a file or preset
    counts no longer since another preset or kind replaces it, both in words.
    """

    scenario: Scenario
    text: str
    resolved: dict[str, Any]
    base: Path
    tree: Node = field(repr=False)
    departures: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(to_yaml(self.scenario))}</pre>"

    def placed(self, warnings: Sequence[str]) -> tuple[Problem, ...]:
        """Return *warnings*, which begin with keys, with the places of these."""
        root = type(self.scenario)
        return tuple(p for text in warnings for p in problems_about(text, self.tree, root))

    def located(self, error: InputError) -> InputError:
        """Return *error*, found after loading, with the places of the keys that it is about.

        Each line of its message that begins like ``devices.0.profile: ...`` becomes a problem; an
        error without such a line is returned as it is.
        """
        problems = problems_about(str(error), self.tree, type(self.scenario))
        if isinstance(error, ScenarioError) or not any(problem.key for problem in problems):
            return error
        return ScenarioError(_sorted(problems, self.tree.place.file))


def load_scenario(
    path: str | Path, overrides: Sequence[str] = (), seed: int | None = None
) -> Loaded:
    """Return the scenario in the file *path*, changed by *overrides* and *seed*.

    *overrides* are texts like ``"method.learn.lr=0.1"``; they are laid over the file and whatever
    it extends, and all that over the method's preset (see `p2pkd.scenario.changes`).  Raise
    ScenarioError with one Problem for each mistake.
    """
    path = Path(path)
    written = read_written(path)
    return load_changed(written, override_changes(overrides, seed))


@dataclass(frozen=True)
class Written:
    """A scenario file, read with what it extends, but neither changed nor validated yet."""

    text: str
    tree: Node
    base: Path
    problems: tuple[Problem, ...]
    lost: tuple[Loss, ...] = ()


def read_written(path: str | Path) -> Written:
    """Read the scenario file *path*; raise ScenarioError if that cannot be done."""
    path, root = Path(path), _scenario_class()
    problems: list[Problem] = []
    text = read_text(path)
    lost: list[Loss] = []
    tree = read_extended(path, text, root, problems, lost)
    if isinstance(tree.value, dict) and "base" in tree.value and "duration" not in tree.value:
        what = f"is a study, no scenario; 'p2pkd sweep {path} --dry-run' checks and plans it"
        raise ScenarioError([tree.problem("", what)])
    return Written(text, tree, path.parent, tuple(problems), tuple(lost))


def load_changed(written: Written, changes: Sequence[Node]) -> Loaded:
    """Return the scenario of *written* with the trees *changes*, together, laid over it.

    What is wrong with a change is reported at the place that its node carries, be that the command
    line or a study file.
    """
    return _loaded(written, written.text, changes)


def load_mapping(
    values: Mapping[str, Any], overrides: Sequence[str] = (), seed: int | None = None
) -> Loaded:
    """Return the scenario that plain data describes, as `load_scenario` does for a file.

    Relative paths, those after `extends` included, count from the working directory.  A topology
    may also be a `networkx.Graph` with attributes, by itself or as ``{"graph": graph, ...}``.
    """
    root = _scenario_class()
    problems: list[Problem] = []
    lost: list[Loss] = []
    given = node_of(with_plain_graph(values), Place("scenario"))
    tree = extended(given, Path("scenario"), root, problems, lost)
    written = Written("", tree, Path(), tuple(problems), tuple(lost))
    return _loaded(written, None, override_changes(overrides, seed))


def scenario_from_dict(values: Mapping[str, Any]) -> Scenario:
    """Return the scenario that plain data describes; see `load_mapping`."""
    return load_mapping(values).scenario


def _loaded(written: Written, text: str | None, changes: Sequence[Node]) -> Loaded:
    root, lost = _scenario_class(), [*written.lost]
    tree = change(written.tree, changes, root, lost)
    tree, scenario = _validated(tree, root, [*written.problems], lost)
    if text is None:
        text = to_yaml(scenario)
    resolved = to_plain(scenario)
    told = (departures(tree, scenario), unused(lost, scenario))
    return Loaded(scenario, text, resolved, written.base, tree, *told)


def _scenario_class() -> type[Scenario]:
    # The class is built with the kinds that exist when its module is imported.
    load_kinds()
    from p2pkd.scenario.scenario import Scenario

    return Scenario


def _validated(
    tree: Node, root: type[Scenario], problems: list[Problem], lost: list[Loss]
) -> tuple[Node, Scenario]:
    """Return the scenario and its tree with the preset expanded, or raise all problems."""
    tree, unknown = _with_preset(tree, root, lost)
    problems = [*problems, *unknown]
    try:
        scenario = root.model_validate(tree.plain())
    except ValidationError as error:
        # What could not be read has been told of, and stands for nothing here.
        told = {problem.key for problem in problems if not problem.message.startswith(DUPLICATE)}
        problems += [p for p in problems_in(error, tree, root) if not p.key or p.key not in told]
    if problems:
        raise ScenarioError(_sorted(problems, tree.place.file))
    return tree, scenario


def _with_preset(
    tree: Node, root: type[Scenario], lost: list[Loss]
) -> tuple[Node, tuple[Problem, ...]]:
    """Return *tree* laid over the method's preset, or what is wrong with the preset."""
    try:
        return expand(tree, root, lost), ()
    except ScenarioError as error:
        return tree, error.problems


def _sorted(problems: list[Problem], first: str) -> list[Problem]:
    """Return the problems once each, in the order of the file *first*, then of the others."""
    unique = list(dict.fromkeys(problems))
    return sorted(unique, key=lambda p: (p.file != first, p.file, p.line, p.column))
