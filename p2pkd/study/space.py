"""The keys that a search varies: choices, and ranges of numbers with or without a unit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from p2pkd.core.errors import Problem, suggestion
from p2pkd.scenario.yaml import Node
from p2pkd.study.axes import Value, nested, values_of

_NUMBER = re.compile(r"\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*")
RANGE_KEYS = ("from", "to", "scale", "step", "points")
DIGITS = 4


@dataclass(frozen=True)
class Choice:
    """A key with some values to choose from."""

    key: str
    values: tuple[Value, ...]

    def grid(self) -> tuple[Value, ...]:
        """Return all values."""
        return self.values

    def suggested(self, trial: Any) -> Value:
        """Return one of the values, as Optuna's *trial* suggests."""
        number: int = trial.suggest_categorical(self.key, range(len(self.values)))
        return self.values[number]


@dataclass(frozen=True)
class Range:
    """A key with numbers from `low` to `high`, both included, on a linear or logarithmic scale.

    `step` is 0 for real numbers; `unit` is written behind each; `node` is where the range stands.
    """

    key: str
    low: float
    high: float
    node: Node
    log: bool = False
    step: int = 0
    unit: str = ""
    points: int | None = None

    def grid(self) -> tuple[Value, ...]:
        """Return `points` values, evenly spaced on the range's scale, each once."""
        spaced = np.geomspace if self.log else np.linspace
        numbers = spaced(self.low, self.high, self.points or 1).tolist()
        values = [self.value(number) for number in numbers]
        return tuple({value.label: value for value in values}.values())

    def suggested(self, trial: Any) -> Value:
        """Return a value of the range, as Optuna's *trial* suggests."""
        if not self.step:
            return self.value(trial.suggest_float(self.key, self.low, self.high, log=self.log))
        low, most = int(self.low), int(self.low) + self.step * self._steps
        step = 1 if self.log else self.step  # no steps on Optuna's log scale; `value` rounds
        return self.value(trial.suggest_int(self.key, low, most, step=step, log=self.log))

    def value(self, number: float) -> Value:
        """Return *number*, rounded as a reader would, as a value of the key."""
        plain: Any = self._rounded(number)
        if self.unit:
            plain = f"{plain:g} {self.unit}"
        node = Node(plain, self.node.place, self.node.key_place)
        return Value(plain, (nested(self.key, node),))

    @property
    def _steps(self) -> int:
        return int((self.high - self.low) // self.step)

    def _rounded(self, number: float) -> float | int:
        if self.step:
            steps = min(round((number - self.low) / self.step), self._steps)
            return round(self.low) + self.step * steps
        return min(max(float(f"{number:.{DIGITS}g}"), self.low), self.high)


Dimension = Choice | Range


def combinations_in(space: Sequence[Dimension]) -> int:
    """Return how many combinations of grid values *space* has."""
    return math.prod(len(dimension.grid()) for dimension in space)


def space_of(
    node: Node, kind: str, problems: list[Problem], where: str = "search.space"
) -> tuple[Dimension, ...]:
    """Return the dimensions written in *node*, which stands at *where* in the study.

    What is wrong with them goes to *problems*; a grid's ranges need `points`.
    """
    found: list[Dimension] = []
    if not node.value:
        problems.append(node.problem(where, "no keys; give at least one"))
    for key, given in (node.value or {}).items():
        path = f"{where}.{key}"
        if key == "seed":
            problems.append(given.problem(path, "give seeds under 'seeds:'"))
        elif isinstance(given.value, dict) and {"from", "to"} & set(given.value):
            found += _range(key, path, given, kind, problems)
        else:
            found += _choice(key, path, given, problems)
    return tuple(found)


def _choice(key: str, path: str, node: Node, problems: list[Problem]) -> Iterator[Choice]:
    if not isinstance(node.value, dict | list) or not node.value:
        what = "must be a list of values, labels with values, or a range {from: 1, to: 9}"
        problems.append(node.problem(path, what))
        return
    yield Choice(key, values_of(key, node))


class _End(NamedTuple):
    number: float
    unit: str
    whole: bool


def _range(key: str, path: str, node: Node, kind: str, problems: list[Problem]) -> Iterator[Range]:
    before = len(problems)
    for name, inner in node.value.items():
        if name not in RANGE_KEYS:
            where = replace(inner, place=inner.key_place or inner.place)
            what = f"unknown key{suggestion(name, RANGE_KEYS)}"
            problems.append(where.problem(f"{path}.{name}", what))
    ends = (_end(node, path, "from", problems), _end(node, path, "to", problems))
    log = _scale(node, path, problems)
    step, points = (_whole(node, path, name, problems) for name in ("step", "points"))
    if len(problems) == before:
        low, high = ends
        whole = low.whole and high.whole
        _check(node, path, ends, log, step, problems)
        if kind == "grid" and points is None:
            problems.append(node.problem(path, "a grid needs 'points:', how many values it takes"))
        if len(problems) == before:
            yield Range(
                key, low.number, high.number, node, log, (step or 1) if whole else 0, low.unit,
                points,
            )  # fmt: skip


def _check(
    node: Node,
    path: str,
    ends: tuple[_End, _End],
    log: bool,
    step: int | None,
    problems: list[Problem],
) -> None:
    low, high = ends
    end = node.value["to"]
    if low.unit != high.unit:
        what = f"must be in {low.unit or 'no unit'} too, as 'from' is, given {end.plain()!r}"
        problems.append(end.problem(f"{path}.to", what))
    elif not low.number < high.number:
        what = f"must be more than 'from', given {end.plain()!r}"
        problems.append(end.problem(f"{path}.to", what))
    if log and low.number <= 0:
        start = node.value["from"]
        problems.append(start.problem(f"{path}.from", "must be more than 0 on a log scale"))
    if step is not None and not (low.whole and high.whole):
        what = "is for whole numbers without a unit; leave it out"
        problems.append(node.value["step"].problem(f"{path}.step", what))


def _end(node: Node, path: str, name: str, problems: list[Problem]) -> _End:
    given = node.value.get(name)
    if given is None:
        problems.append(node.problem(f"{path}.{name}", "missing; a range has 'from' and 'to'"))
        return _End(math.nan, "", False)
    value = given.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _End(float(value), "", isinstance(value, int))
    match = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        what = f"must be a number, with its unit where there is one, given {given.plain()!r}"
        problems.append(given.problem(f"{path}.{name}", what))
        return _End(math.nan, "", False)
    return _End(float(match[1]), match[2] or "", False)


def _scale(node: Node, path: str, problems: list[Problem]) -> bool:
    given = node.value.get("scale")
    if given is None or given.value in ("linear", "log"):
        return given is not None and given.value == "log"
    what = f"must be linear or log, given {given.plain()!r}"
    problems.append(given.problem(f"{path}.scale", what))
    return False


def _whole(node: Node, path: str, name: str, problems: list[Problem]) -> int | None:
    given = node.value.get(name)
    if given is None:
        return None
    if isinstance(given.value, int) and not isinstance(given.value, bool) and given.value > 0:
        return int(given.value)
    what = f"must be a whole number from 1, given {given.plain()!r}"
    problems.append(given.problem(f"{path}.{name}", what))
    return None
