"""Where the keys of a scenario come from: its preset, and what was given but does not count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from p2pkd.scenario.merge import Loss, merge
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


def unused(lost: Sequence[Loss], scenario: Scenario) -> tuple[str, ...]:
    """Return, in words, which keys went with what was replaced whole, a text for each mapping.

    Told are those that *scenario* has too, with another value that was not given in their place: a
    learning rate, but not a ring's degree where there is a star now.
    """
    if not lost:
        return ()
    whole = scenario.model_dump(mode="json")
    return tuple(text for loss in lost if (text := _told(loss, whole)))


def _told(loss: Loss, whole: Mapping[str, Any]) -> str:
    gone: dict[str, list[str]] = {}
    for key, node in _leaves(loss.lower, loss.key):
        below = key.removeprefix(f"{loss.key}.")
        value = node.plain()
        stays = below == loss.tag or _has(loss.upper, below)
        if not stays and _differs(whole, key, value):
            gone.setdefault(node.place.file, []).append(f"{key}: {_shown(value)}")
    by = f"the {loss.tag} {loss.upper.value[loss.tag].value} replaces its {loss.key}"
    texts = [
        f"{', '.join(keys)} of {file} {'are' if len(keys) > 1 else 'is'} not used: {by}"
        for file, keys in gone.items()
    ]
    return "; ".join(texts)


def _has(node: Node, key: str) -> bool:
    """Tell whether the tree *node* says something of a dotted key, or of what contains it."""
    name, _, rest = key.partition(".")
    if not isinstance(node.value, dict):
        return True
    return name in node.value and (not rest or _has(node.value[name], rest))


def _differs(whole: Mapping[str, Any], key: str, value: Any) -> bool:
    """Tell whether there is a dotted key, and with another value, or another kind of it."""
    above, _, name = key.rpartition(".")
    around = _at(whole, above)
    if not (isinstance(around, dict) and name in around):
        return False
    found = around[name]
    if isinstance(found, dict) and not isinstance(value, dict):
        return value not in (found.get("kind"), found.get("keep"), found.get("objective"))
    return bool(found != value)


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
