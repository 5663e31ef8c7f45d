"""Single keys of a scenario given from outside: `--set`, Python overrides, what a study varies.

There are two kinds of layers (docs/studies.md, ADR 0016).  *Documents*, defaults, presets and
files, describe whole scenarios, so one that names another preset or kind starts that part anew
(`p2pkd.scenario.merge`).  *Changes* are about single keys of the outcome: they are first taken
together, a later one before an earlier one of the same key, and then laid over the document.  A
preset or kind among them starts the document's part anew, but takes no key away that a change
gives; a key that does not exist in the new kind is then an unknown key, at the change's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.merge import Loss, is_indices, merge
from p2pkd.scenario.walk import family_of, field_of, item_of, member_of, spec_of, spelled_out
from p2pkd.scenario.yaml import Node


def change(document: Node, changes: Sequence[Node], root: Any, lost: list[Loss]) -> Node:
    """Return *document* with all *changes* laid over it; what it loses by that goes to *lost*.

    Raise ScenarioError where a change is about an item that a list does not have.
    """
    return merge(document, together(changes, root), root, lost=lost) if changes else document


def together(changes: Sequence[Node], root: Any) -> Node:
    """Return the trees *changes*, the earliest first, as one that has every key of theirs.

    Of two values for one key the later holds.  A change of a list's item is laid over a list that
    another change gives; a value that is no mapping, such as null, replaces a mapping.
    """
    return reduce(lambda earlier, later: _both(earlier, later, root, ""), changes)


def _both(earlier: Node, later: Node, annotation: Any, key: str) -> Node:
    a, b = spelled_out(annotation, earlier), spelled_out(annotation, later)
    if isinstance(a.value, list) and is_indices(b):
        return _items(a, b, annotation, key)
    if is_indices(a) and isinstance(b.value, list):
        return _items(b, a, annotation, key)
    if not (isinstance(a.value, dict) and isinstance(b.value, dict)):
        return later
    entries = dict(a.value)
    for name, node in b.value.items():
        old = entries.get(name)
        path = f"{key}.{name}" if key else name
        entries[name] = node if old is None else _both(old, node, _part(annotation, b, name), path)
    written = later if later.place.line else earlier
    return Node(entries, written.place, written.key_place)


def _items(whole: Node, single: Node, annotation: Any, key: str) -> Node:
    items = list(whole.value)
    for name, node in single.value.items():
        if int(name) >= len(items):
            what = f"no such item; there are {len(items)}, counted from 0"
            raise ScenarioError([node.problem(f"{key}.{name}", what)])
        item = _both(items[int(name)], node, item_of(annotation), f"{key}.{name}")
        items[int(name)] = replace(item, key_place=None)
    return Node(items, whole.place, whole.key_place)


def _part(annotation: Any, node: Node, name: str) -> Any:
    """Return what a key stands for, though its family's member may be told elsewhere."""
    if is_indices(node):
        return item_of(annotation)
    family = family_of(annotation)
    members = family.members.values() if family else ()
    specs = [member_of(annotation, node), spec_of(annotation), *members]
    return next((found for spec in specs if (found := field_of(spec, name)) is not None), None)
