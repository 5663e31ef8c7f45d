"""Laying one tree over another: what `extends`, presets and `--set` have in common.

Mappings are merged key by key; lists and scalars are replaced.  Two mappings that mean different
things are not mixed: where the upper one names another member of a family (`kind`, `keep`,
`objective`) or another `preset`, it replaces the lower one whole.  The shorthand ``topology: ring``
counts as ``topology: {kind: ring}``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.base import Spec
from p2pkd.scenario.walk import family_of, field_of, item_of, member_of, spec_of, spelled_out
from p2pkd.scenario.yaml import Node


def merge(lower: Node, upper: Node, annotation: Any, key: str = "") -> Node:
    """Return *upper* laid over *lower*; *annotation* says what they stand for (None: unknown).

    Every value keeps the place where it was written.  A mapping over a list, ``{"0": ...}``,
    changes single items; raise ScenarioError if there is no such item.
    """
    if isinstance(lower.value, list) and _is_indices(upper):
        return _merge_items(lower, upper, item_of(annotation), key)
    below, above = spelled_out(annotation, lower), spelled_out(annotation, upper)
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return upper
    if _changes(below, above, annotation):
        return upper
    entries = dict(below.value)
    spec = member_of(annotation, above) or member_of(annotation, below)
    for name, node in above.value.items():
        old = entries.get(name)
        entries[name] = node if old is None else _entry(old, node, spec, name, key)
    # What is missing in a mapping is missed where it is written, not on the command line.
    written = upper if upper.place.line else lower
    return Node(entries, written.place, written.key_place)


def _entry(old: Node, new: Node, spec: type[Spec] | None, name: str, key: str) -> Node:
    return merge(old, new, field_of(spec, name), f"{key}.{name}" if key else name)


def _changes(below: Node, above: Node, annotation: Any) -> bool:
    """Tell whether two mappings mean different things."""
    family, spec = family_of(annotation), spec_of(annotation)
    if spec is not None and "preset" in spec.model_fields:
        named = above.value.get("preset")
        before = below.value.get("preset")
        return named is not None and (before is None or before.value != named.value)
    if family is None:
        return False
    old, new = below.value.get(family.tag), above.value.get(family.tag)
    return old is not None and new is not None and bool(old.value != new.value)


def _is_indices(node: Node) -> bool:
    return isinstance(node.value, dict) and bool(node.value) and all(map(str.isdecimal, node.value))


def _merge_items(lower: Node, upper: Node, annotation: Any, key: str) -> Node:
    items = list(lower.value)
    for name, node in upper.value.items():
        path = f"{key}.{name}"
        if int(name) >= len(items):
            what = f"no such item; there are {len(items)}, counted from 0"
            raise ScenarioError([node.problem(path, what)])
        items[int(name)] = replace(merge(items[int(name)], node, annotation, path), key_place=None)
    return Node(items, lower.place, lower.key_place)
