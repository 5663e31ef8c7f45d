"""Laying one tree over another: what `extends` and presets have in common.

Mappings are merged key by key; lists and scalars are replaced.  Two mappings that mean different
things are not mixed: where the upper one names another member of a family (`kind`, `keep`,
`objective`) or another `preset`, it replaces the lower one whole.  The shorthand ``topology: ring``
counts as ``topology: {kind: ring}``.  What the lower one loses by that is noted (`Loss`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.walk import family_of, field_of, item_of, member_of, spec_of, spelled_out
from p2pkd.scenario.yaml import Node


@dataclass(frozen=True)
class Loss:
    """A mapping that was replaced whole: `lower` by `upper`, since the latter's `tag` differs."""

    key: str
    lower: Node
    upper: Node
    tag: str


def merge(
    lower: Node, upper: Node, annotation: Any, key: str = "", lost: list[Loss] | None = None
) -> Node:
    """Return *upper* laid over *lower*; *annotation* says what they stand for (None: unknown).

    Every value keeps the place where it was written.  A mapping over a list, ``{"0": ...}``,
    changes single items; raise ScenarioError if there is no such item.  Mappings that are replaced
    whole go to *lost*.
    """
    if isinstance(lower.value, list) and is_indices(upper):
        return _merge_items(lower, upper, item_of(annotation), key, lost)
    below, above = spelled_out(annotation, lower), spelled_out(annotation, upper)
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return upper
    tag = _changed_tag(below, above, annotation)
    if tag is not None:
        if lost is not None:
            lost.append(Loss(key, below, above, tag))
        return upper
    entries = dict(below.value)
    spec = member_of(annotation, above) or member_of(annotation, below)
    for name, node in above.value.items():
        old = entries.get(name)
        path = f"{key}.{name}" if key else name
        entries[name] = node if old is None else merge(old, node, field_of(spec, name), path, lost)
    # What is missing in a mapping is missed where it is written, not on the command line.
    written = upper if upper.place.line else lower
    return Node(entries, written.place, written.key_place)


def _changed_tag(below: Node, above: Node, annotation: Any) -> str | None:
    """Return the tag by which two mappings mean different things; None if they do not."""
    family, spec = family_of(annotation), spec_of(annotation)
    if spec is not None and "preset" in spec.model_fields:
        named = above.value.get("preset")
        before = below.value.get("preset")
        anew = named is not None and (before is None or before.value != named.value)
        return "preset" if anew else None
    if family is None:
        return None
    old, new = below.value.get(family.tag), above.value.get(family.tag)
    differ = old is not None and new is not None and old.value != new.value
    return family.tag if differ else None


def _is_index(name: str) -> bool:
    return name.isdecimal() and len(name) < 10


def is_indices(node: Node) -> bool:
    """Tell whether *node* is a mapping from the numbers of a list's items."""
    return isinstance(node.value, dict) and bool(node.value) and all(map(_is_index, node.value))


def _merge_items(
    lower: Node, upper: Node, annotation: Any, key: str, lost: list[Loss] | None
) -> Node:
    items = list(lower.value)
    for name, node in upper.value.items():
        path = f"{key}.{name}"
        if int(name) >= len(items):
            what = f"no such item; there are {len(items)}, counted from 0"
            raise ScenarioError([node.problem(path, what)])
        item = merge(items[int(name)], node, annotation, path, lost)
        items[int(name)] = replace(item, key_place=None)
    return Node(items, lower.place, lower.key_place)
