"""`--set a.b=value`: changes given on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pkd.core.errors import Problem, ScenarioError
from p2pkd.core.text import short
from p2pkd.scenario.yaml import MAX_DEPTH, Node, Place, node_of, parse


def override_changes(overrides: Sequence[str], seed: int | None = None) -> list[Node]:
    """Return *overrides* (``"a.b=value"``, the value in YAML) and the seed, each as a tree.

    Items of lists go by number: ``devices.0.share=50 %``.  Everything in a tree is written at
    the place ``--set a.b=value``.  Raise ScenarioError with all that are malformed.
    """
    problems: list[Problem] = []
    found: list[Node] = []
    for text in overrides:
        try:
            found.append(_override(text, problems))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    if seed is not None:
        found.append(_nested(["seed"], node_of(seed, Place(f"--seed {seed}"))))
    return found


def _override(text: str, problems: list[Problem]) -> Node:
    path, equals, value = text.partition("=")
    place = Place(f"--set {text if len(text) <= 200 else text[:100] + '...'}")
    keys = path.strip().split(".")
    if not equals or not all(keys) or len(keys) > MAX_DEPTH:
        what = "must look like 'method.learn.lr=0.1': dotted keys, '=', a value"
        raise ScenarioError([Problem(f"--set {short(text)}", 0, 0, "", what)])
    given: list[Problem] = []
    try:
        plain = parse(value, place.file, given).plain()
    except ScenarioError as error:
        plain, given = None, [*error.problems]
    problems += [Problem(*place, path, problem.message) for problem in given]
    return _nested(keys, node_of(plain, place))


def _nested(keys: list[str], node: Node) -> Node:
    value: Any = node
    for key in reversed(keys):
        value = Node({key: Node(value.value, node.place, node.place)}, node.place)
    return Node(value.value, node.place)
