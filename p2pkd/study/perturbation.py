"""The runs of a study in worlds that differ a little from what its base says (`perturb:`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from p2pkd.core.errors import ScenarioError
from p2pkd.core.rng import Streams
from p2pkd.scenario.base import Spec
from p2pkd.scenario.load import Loaded
from p2pkd.scenario.yaml import Node, node_of
from p2pkd.study.axes import DRAW, Axis, Value, nested
from p2pkd.study.perturb_spec import PerturbSpec


def axis_of(spec: PerturbSpec) -> Axis:
    """Return the axis ``draw``: 0, the base as it is, then a number a draw."""
    return Axis((DRAW,), tuple((Value(draw, ()),) for draw in range(spec.draws + 1)))


def perturbed(loaded: Loaded, spec: PerturbSpec, written: Node, draw: int) -> tuple[Node, ...]:
    """Return the changes that make *loaded* the scenario of *draw*; none for draw 0.

    *written* is the study's tree of *spec*, where the changes are placed.  Raise ScenarioError
    where a key is not there, or not a number.
    """
    if draw == 0:
        return ()
    streams = Streams(spec.seed)
    changes, problems = [], []
    for pattern, share in spec.keys.items():
        node = written.value["keys"].value[pattern]
        figures = list(_figures(loaded.scenario, pattern.split("."), ()))
        if not figures:
            what = "is no number of this scenario; give keys such as links.scale.rate"
            where = replace(node, place=node.key_place or node.place)
            problems.append(where.problem(f"perturb.keys.{pattern}", what))
        for figure in figures:
            chance = streams.generator(f"perturb: {figure.key}", draw).uniform(-1.0, 1.0)
            value = node_of(figure.times(1.0 + share * chance), node.place)
            changes.append(nested(figure.key, replace(value, key_place=node.key_place)))
    if problems:
        raise ScenarioError(problems)
    return tuple(changes)


class _Figure(NamedTuple):
    """A number of a scenario: its whole dotted key, and the field it is in."""

    key: str
    owner: Spec
    field: str

    def times(self, factor: float) -> float | str:
        """Return the number times *factor*, as a scenario writes it."""
        value = factor * getattr(self.owner, self.field)
        written: float | str = self.owner.model_copy(update={self.field: value}).model_dump(
            include={self.field}
        )[self.field]
        return written


def _figures(value: Any, keys: list[str], before: tuple[str, ...]) -> Iterator[_Figure]:
    """Yield every number that *keys* stand for below *value*, which is at the keys *before*."""
    first, *rest = keys
    entries = enumerate(value) if isinstance(value, tuple) else value
    for name, inner in entries if isinstance(value, tuple | Spec) else ():
        if first not in ("*", str(name)):
            continue
        path = (*before, str(name))
        if rest:
            yield from _figures(inner, rest, path)
        elif isinstance(inner, float) and isinstance(value, Spec):
            yield _Figure(".".join(path), value, str(name))
