"""The axes of a study, and the combinations of their values."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from p2pkd.core.errors import Problem, suggestion
from p2pkd.scenario.yaml import Node, Place, node_of

Label = str | int | float | bool | None
VARIANT, SEED, REMOVED, NOBODY, DRAW = "variant", "seed", "removed", "nobody", "draw"
_RANGE = re.compile(r"(\d+)\s*\.\.\s*(\d+)")


@dataclass(frozen=True)
class Value:
    """One value of an axis: what the table calls it, and the changes that it stands for."""

    label: Label
    changes: tuple[Node, ...]


@dataclass(frozen=True)
class Axis:
    """Columns of the table that advance together, and a row of values for each step.

    A `matrix` key or the variants have one column; the `zip` keys share one axis.
    """

    keys: tuple[str, ...]
    steps: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True)
class Combination:
    """One run to be: its label in each column, and its changes in the order they apply."""

    labels: Mapping[str, Label]
    changes: tuple[Node, ...]


def misshapen(tree: Node) -> list[Problem]:
    """Return what is neither a list nor a mapping where an axis or a variant must be one."""
    wanted = {"matrix": (list, dict), "zip": (list, dict), "variants": (dict,)}
    words = {"variants": "a mapping of keys such as 'agents: 8'"}
    found = []
    for name, kinds in wanted.items():
        for key, node in _entries(tree.value.get(name)):
            if not isinstance(node.value, kinds):
                what = words.get(name, "a list of values, or a mapping from labels to values")
                found.append(node.problem(f"{name}.{key}", f"must be {what}"))
    return found


def axes_of(tree: Node, problems: list[Problem]) -> list[Axis]:
    """Return the axes of a study's *tree*, variants first and seeds last.

    The tree has been validated against `StudySpec`; mistakes beyond that go to *problems*.
    """
    entries = tree.value
    axes = [Axis((VARIANT,), tuple((value,) for value in _variants(entries.get("variants"))))]
    matrix = _columns(entries.get("matrix"), "matrix", problems)
    axes += [Axis((key,), tuple((value,) for value in values)) for key, values in matrix.items()]
    zipped = _columns(entries.get("zip"), "zip", problems)
    _check_zip(entries.get("zip"), zipped, matrix, problems)
    if zipped:
        axes.append(Axis(tuple(zipped), tuple(zip(*zipped.values(), strict=False))))
    axes.append(Axis((REMOVED,), tuple((value,) for value in _removals(entries, problems))))
    seeds = seeds_of(entries.get("seeds"), problems)
    axes.append(Axis((SEED,), tuple((seed,) for seed in seeds)))
    return [axis for axis in axes if axis.steps]


def combinations(axes: Sequence[Axis], tree: Node, problems: list[Problem]) -> list[Combination]:
    """Return every combination of the values of *axes* that `exclude` does not leave out."""
    shared = tuple(changes_in(tree.value.get("set")))
    exclusions = _exclusions(tree.value.get("exclude"), axes, problems)
    keys = [key for axis in axes for key in axis.keys]
    found = []
    for steps in itertools.product(*(axis.steps for axis in axes)):
        values = [value for step in steps for value in step]
        labels = dict(zip(keys, (value.label for value in values), strict=True))
        if not any(_agrees(labels, exclusion) for exclusion in exclusions):
            changes = (change for value in values for change in value.changes)
            found.append(Combination(labels, (*shared, *changes)))
    return found


def nested(key: str, node: Node) -> Node:
    """Return *node* as the tree ``{a: {b: node}}`` of the dotted *key* that it was written under.

    Each part of the key is written where it stands within the dotted one.
    """
    place = node.key_place or node.place
    parts = key.split(".")
    starts = [sum(len(part) + 1 for part in parts[:i]) for i in range(len(parts))]
    tree = node
    for part, start in zip(reversed(parts), reversed(starts), strict=True):
        here = Place(place.file, place.line, place.column + start)
        tree = Node({part: replace(tree, key_place=here)}, here)
    return tree


def values_of(key: str, node: Node) -> tuple[Value, ...]:
    """Return the values in *node*, a list of them or a mapping from labels, for a dotted *key*."""
    labelled = (
        list(node.value.items())
        if isinstance(node.value, dict)
        else [(label_of(item.plain()), item) for item in node.value]
    )
    return tuple(
        Value(label, (nested(key, replace(item, key_place=node.key_place)),))
        for label, item in labelled
    )


def label_of(value: Any) -> Label:
    """Return what a table calls *value*: itself, or ``watts_strogatz k=4`` for a mapping."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list):
        return " + ".join(str(label_of(item)) for item in value)
    parts = [
        str(inner) if key in ("kind", "profile") else f"{key}={label_of(inner)}"
        for key, inner in value.items()
    ]
    return " ".join(parts)


def _variants(node: Node | None) -> Iterator[Value]:
    for name, variant in _entries(node):
        yield Value(name, tuple(changes_in(variant)))


def changes_in(node: Node | None) -> Iterator[Node]:
    """Yield the changes in a mapping of dotted keys; `base` and `tune` are none of them."""
    for key, value in _entries(node):
        if key not in ("base", "tune"):
            yield nested(key, value)


def _columns(node: Node | None, name: str, problems: list[Problem]) -> dict[str, list[Value]]:
    columns = {}
    for key, values in _entries(node):
        columns[key] = list(values_of(key, values))
        if not columns[key]:
            problems.append(values.problem(f"{name}.{key}", "no values; give at least one"))
        if key == SEED:
            problems.append(values.problem(f"{name}.{key}", "give seeds under 'seeds:'"))
    return columns


def _check_zip(
    node: Node | None,
    zipped: dict[str, list[Value]],
    matrix: dict[str, list[Value]],
    problems: list[Problem],
) -> None:
    lengths = {key: len(values) for key, values in zipped.items()}
    for key, values in _entries(node):
        first, wanted = next(iter(lengths.items()))
        if lengths[key] != wanted:
            what = f"has {lengths[key]} values, but {first} has {wanted}; zip needs as many of each"
            problems.append(values.problem(f"zip.{key}", what))
        if key in matrix:
            problems.append(values.problem(f"zip.{key}", "is in matrix too; keep it in one"))


def _removals(entries: Mapping[str, Node], problems: list[Problem]) -> list[Value]:
    """Return the axis ``remove``: everybody, then all but one; the latter fails at the start.

    The first has the same, empty, list of failures, so that runs differ in nothing else.
    """
    node = entries.get("remove")
    if node is None:
        return []
    cases: list[tuple[Label, list[Any]]] = [(NOBODY, [])]
    cases += [(agent, [{"at": "0 s", "agents": [agent]}]) for agent in _names(node, problems)]
    found = []
    for label, failures in cases:
        change = replace(node_of({"failures": failures}, node.place), key_place=node.key_place)
        found.append(Value(label, (Node({"churn": change}, node.place),)))
    return found


def seeds_of(node: Node | None, problems: list[Problem], key: str = "seeds") -> list[Value]:
    """Return the seeds written in *node*, once each; mistakes go to *problems*."""
    if node is None:
        return []
    return [
        Value(seed, (nested(SEED, Node(seed, place, place)),))
        for seed, place in _numbers(node, key, problems).items()
    ]


def _names(node: Node, problems: list[Problem]) -> dict[int | str, None]:
    """Return the names of agents in *node*: texts, numbers, and ranges of numbers."""
    found: dict[int | str, None] = {}
    for item in node.value if isinstance(node.value, list) else [node]:
        if isinstance(item.value, str) and not _RANGE.fullmatch(item.value.strip()):
            found[item.value] = None
        else:
            found.update(dict.fromkeys(_numbers_in(item, "remove", problems)))
    return found


def _numbers(node: Node, key: str, problems: list[Problem]) -> dict[int, Place]:
    """Return the whole numbers in a list of numbers and ranges, and where each is written."""
    found: dict[int, Place] = {}
    for item in node.value if isinstance(node.value, list) else [node]:
        for number in _numbers_in(item, key, problems):
            found[number] = item.key_place or item.place
    return found


def _numbers_in(node: Node, key: str, problems: list[Problem]) -> Sequence[int]:
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return [value]
    match = _RANGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match and int(match[1]) <= int(match[2]):
        return range(int(match[1]), int(match[2]) + 1)
    what = f"must be an integer from 0 or a range such as 0..4, given {node.plain()!r}"
    problems.append(node.problem(key, what))
    return []


def _exclusions(
    node: Node | None, axes: Sequence[Axis], problems: list[Problem]
) -> list[dict[str, list[Label]]]:
    """Return each entry of `exclude` as the labels it names in each column."""
    known: dict[str, list[Label]] = {
        key: [step[i].label for step in axis.steps]
        for axis in axes
        for i, key in enumerate(axis.keys)
    }
    found = []
    for number, entry in enumerate(node.value if node else []):
        wanted: dict[str, list[Label]] = {}
        for key, value in entry.value.items():
            path = f"exclude.{number}.{key}"
            if key not in known:
                where = replace(value, place=value.key_place or value.place)
                problems.append(where.problem(path, f"not an axis{suggestion(key, known)}"))
                continue
            given = value.value if isinstance(value.value, list) else [value]
            wanted[key] = [label_of(item.plain()) for item in given]
            for item, label in zip(given, wanted[key], strict=True):
                if label not in known[key]:
                    hint = suggestion(str(label), map(str, known[key]))
                    problems.append(item.problem(path, f"no such value of the axis{hint}"))
        found.append(wanted)
    return found


def _agrees(labels: Mapping[str, Label], exclusion: Mapping[str, list[Label]]) -> bool:
    return bool(exclusion) and all(labels[key] in wanted for key, wanted in exclusion.items())


def _entries(node: Node | None) -> list[tuple[str, Node]]:
    return list(node.value.items()) if node is not None and node.value else []
