"""Which keys of a scenario its preset gave, and where the scenario departs from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from p2pkd.scenario.merge import merge
from p2pkd.scenario.presets import SECTIONS, layer_of, preset_files
from p2pkd.scenario.resolve import to_plain
from p2pkd.scenario.yaml import Node

if TYPE_CHECKING:
    from p2pkd.scenario.scenario import Scenario


def preset_keys(tree: Node) -> list[str]:
    """Return the dotted keys whose values in *tree*, presets expanded, stand in a preset's file."""
    files = preset_files()
    return [key for key, node in _leaves(tree, "") if node.place.file in files]


def departures(tree: Node, scenario: Scenario) -> tuple[str, ...]:
    """Return, in words, what *scenario* says otherwise than its preset beside the method.

    That is what the preset's paper requires of a scenario: that all agents begin alike, for one.
    *tree* is the scenario's.
    """
    named = tree.value["method"].value.get("preset") if scenario.method.preset else None
    required = None if named is None else _beside(layer_of(named, type(scenario)))
    if required is None or not required.value:
        return ()
    root = type(scenario)
    try:
        wanted = to_plain(root.model_validate(merge(tree, required, root).plain()))
    except ValidationError:
        # Together they are no scenario, so the values as they are written must do.
        wanted = required.plain()
    return tuple(_differences(required, to_plain(scenario), wanted, scenario.method.preset))


def _beside(layer: Node) -> Node:
    return Node({k: v for k, v in layer.value.items() if k in SECTIONS}, layer.place)


def _differences(required: Node, given: Any, wanted: Any, preset: str | None) -> Iterator[str]:
    others: tuple[str, ...] = ()
    for key, _ in _leaves(required, ""):
        ours, theirs = _at(given, key), _at(wanted, key)
        if ours != theirs and not key.startswith(others):
            # Of another kind's keys there is nothing more to say.
            others += (key.removesuffix("kind"),) if key.endswith(".kind") else ()
            yield f"{key}: {_shown(ours)}, where the preset {preset} has {_shown(theirs)}"


def _at(plain: Any, key: str) -> Any:
    """Return what stands at a dotted key; for a mapping's tag also where its name alone is."""
    for part in key.split("."):
        if isinstance(plain, list):
            plain = plain[int(part)] if int(part) < len(plain) else None
        elif isinstance(plain, dict):
            plain = plain.get(part)
        elif part not in ("kind", "keep", "objective"):
            return None
    return plain


def _shown(value: Any) -> str:
    return (
        str(value).lower()
        if isinstance(value, bool)
        else "nothing"
        if value is None
        else str(value)
    )


def _leaves(node: Node, key: str) -> Iterator[tuple[str, Node]]:
    """Yield the dotted key and node of every value that is no mapping."""
    if isinstance(node.value, dict) and node.value:
        for name, inner in node.value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else name)
    else:
        yield key, node
