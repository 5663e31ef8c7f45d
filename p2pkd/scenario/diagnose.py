"""From pydantic's errors to problems with a place in a file, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from p2pkd.core.errors import Problem, suggestion
from p2pkd.scenario import wording
from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.walk import entry_of, family_of, field_of, item_of, member_of, spec_of
from p2pkd.scenario.yaml import Node, Place

_ABOUT_KEY = re.compile(r"([a-z_]\w*(?:\.\w+)*): ")


@dataclass(frozen=True)
class Spot:
    """Where an error is: its dotted key, the deepest value on the way, and what it stands for."""

    keys: tuple[str, ...]
    node: Node
    annotation: Any
    owner: type[Spec] | None  # the specification whose field this is
    found: bool = True  # whether the tree has a value at this key
    parent: Node | None = None  # the mapping that the key is in

    @property
    def key(self) -> str:
        """The dotted path, as users write it."""
        return ".".join(self.keys)

    def below(self, name: str | int) -> Spot:
        """Return the spot one step further in."""
        keys = (*self.keys, str(name))
        if isinstance(name, int):
            items = self.node.value if isinstance(self.node.value, list) else []
            found = name < len(items)
            return Spot(
                keys, items[name] if found else self.node, item_of(self.annotation), None, found
            )
        owner = member_of(self.annotation, self.node)
        entries = self.node.value if isinstance(self.node.value, dict) else {}
        found = self.found and name in entries
        node = entries[name] if found else self.node
        annotation = field_of(owner, name) if owner else entry_of(self.annotation)
        return Spot(keys, node, annotation, owner, found, self.node)


def problems_in(error: ValidationError, tree: Node, root: type[Spec]) -> list[Problem]:
    """Return one problem for each place that *error* complains about; *tree* is what was given."""
    grouped: dict[tuple[str, ...], list[tuple[Spot, ErrorDetails]]] = {}
    for details in error.errors(include_url=False):
        if _is_echo(details):
            continue
        spot = _locate(details["loc"], Spot((), tree, root, None))
        grouped.setdefault(spot.keys, []).append((spot, details))
    return [problem for group in grouped.values() for problem in _describe(group)]


def _is_echo(details: ErrorDetails) -> bool:
    """Tell whether a list is called too short only since its items have problems of their own."""
    value = details["input"]
    return (
        details["type"] == "too_short"
        and isinstance(value, list)
        and len(value) >= details["ctx"]["min_length"]
    )


def _locate(loc: tuple[int | str, ...], spot: Spot) -> Spot:
    """Return the spot *loc* further in; pydantic also names tags and parts of unions there."""
    for step in loc:
        family = family_of(spot.annotation)
        if family is not None and step in family.members:
            # The tag is told by the tree too; a shorthand has nothing else to tell.
            spot = replace(spot, annotation=family.members[str(step)])
        elif isinstance(step, int) or not spot.keys or _has(spot, step):
            spot = spot.below(step)
        else:
            break
    return spot


def _has(spot: Spot, step: str) -> bool:
    """Tell whether *step* is a key of the spot's value, and not pydantic's name for a choice."""
    if entry_of(spot.annotation) is not None:
        return step in spot.node.value
    return spec_of(spot.annotation) is not None


def _describe(group: list[tuple[Spot, ErrorDetails]]) -> Iterator[Problem]:
    """Yield the problems of one place; the alternatives of a union make one sentence."""
    spot = group[0][0]
    wanted = [wording.requirement(e["type"], e.get("ctx", {})) for _, e in group]
    if all(wanted) and family_of(spot.annotation) is None:
        message = wording.must_be([text for text in wanted if text], group[0][1]["input"])
        yield spot.node.problem(spot.key, message)
        return
    for _, details in group:
        if details["type"] == "value_error":
            yield _of_model(spot, wording.other("value_error", details["msg"], {}, None))
        else:
            yield _single(spot, details)


def _single(spot: Spot, details: ErrorDetails) -> Problem:
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    if kind == "missing":
        return _missing(spot)
    if kind == "extra_forbidden":
        return _unknown_key(spot)
    family = family_of(spot.annotation)
    if kind.startswith("union_tag") and family is not None:
        return _unknown_kind(spot, family)
    if kind.startswith(("model", "dict")) and family is not None:
        known = ", ".join(sorted(family.members))
        what = f"must be one of {known}, or a mapping with '{family.tag}:', given"
        return spot.node.problem(spot.key, f"{what} {wording.given(value)}")
    wanted = wording.requirement(kind, context)
    message = (
        wording.must_be([wanted], value)
        if wanted
        else wording.other(kind, details["msg"], context, value)
    )
    return spot.node.problem(spot.key, message)


def _missing(spot: Spot) -> Problem:
    field = spot.owner.model_fields[spot.keys[-1]] if spot.owner else None
    hint = f"; write, for example, '{wording.example(spot.keys[-1], field)}'" if field else ""
    return spot.node.problem(spot.key, f"missing{hint}")


def _unknown_key(spot: Spot) -> Problem:
    known = spot.owner.model_fields if spot.owner else ()
    place = spot.node.key_place or spot.node.place
    hint = suggestion(spot.keys[-1], known)
    return Problem(*place, spot.key, f"unknown key{_of_kind(spot, place)}{hint}")


def _of_kind(spot: Spot, place: Place) -> str:
    """Return `` of kind star, which FILE:LINE gives`` where that is not beside the key."""
    owner, entries = spot.owner, spot.parent.value if spot.parent is not None else None
    if owner is None or not issubclass(owner, Family) or not isinstance(entries, dict):
        return ""
    if all(spot.keys[-1] not in member.model_fields for member in owner.members.values()):
        return ""
    tag, given = owner.tag, entries.get(owner.tag)
    if given is None or not given.place.line or given.place[:2] == place[:2]:
        return ""
    return f" of {tag} {given.value}, which {given.place.file}:{given.place.line} gives"


def _unknown_kind(spot: Spot, family: type[Family]) -> Problem:
    known = ", ".join(sorted(family.members))
    node, key, value = spot.node, spot.key, spot.node.value
    if isinstance(value, dict):
        if family.tag not in value:
            return node.problem(key, f"needs '{family.tag}:', one of {known}")
        node, key = value[family.tag], f"{key}.{family.tag}"
    hint = suggestion(str(node.value), family.members)
    hint = f"{hint} known: {known}" if "did you mean" in hint else hint
    return node.problem(key, f"unknown {family.tag} {wording.given(node.value)}{hint}")


def _of_model(spot: Spot, message: str) -> Problem:
    """Return a complaint about several keys, placed at the one that it begins with."""
    match = _ABOUT_KEY.match(message)
    names = match[1].split(".") if match else []
    if not match or field_of(member_of(spot.annotation, spot.node), names[0]) is None:
        return spot.node.problem(spot.key, message)
    loc = tuple(int(name) if name.isdecimal() else name for name in names)
    target = _locate(loc, spot)
    return target.node.problem(target.key, message[match.end() :])


def problems_about(text: str, tree: Node, root: type[Spec]) -> list[Problem]:
    """Return each line of *text*, ``devices.0.profile: ...``, as a problem where the key is."""
    spot = Spot((), tree, root, None)
    return [_of_model(spot, line) for line in text.splitlines() if line]
