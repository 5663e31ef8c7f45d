"""Finding one's way through the specifications: which is meant at a place in a tree."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.yaml import Node


def spec_of(annotation: Any) -> type[Spec] | None:
    """Return the specification that *annotation* asks for; None where it is something else."""
    for choice in choices_of(annotation):
        if isinstance(choice, type) and issubclass(choice, Spec):
            return choice
    return None


def item_of(annotation: Any) -> Any:
    """Return what the items of a list must be; None where *annotation* is not a list."""
    for choice in choices_of(annotation):
        if get_origin(choice) in (tuple, list):
            return get_args(choice)[0]
    return None


def entry_of(annotation: Any) -> Any:
    """Return what the values of a mapping must be; None where *annotation* is not a mapping."""
    for choice in choices_of(annotation):
        if get_origin(choice) is dict:
            return get_args(choice)[1]
    return None


def choices_of(annotation: Any) -> list[Any]:
    """Return the alternatives of a union, without `Annotated`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return choices_of(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [found for arg in get_args(annotation) for found in choices_of(arg)]
    return [annotation]


def is_family(spec: type[Spec] | None) -> bool:
    """Tell whether *spec* is a root whose members are told apart by a tag."""
    return spec is not None and issubclass(spec, Family) and spec.is_root and bool(spec.members)


def family_of(annotation: Any) -> type[Family] | None:
    """Return the family that *annotation* asks for."""
    spec = spec_of(annotation)
    return spec if spec is not None and issubclass(spec, Family) and is_family(spec) else None


def member_of(annotation: Any, node: Node) -> type[Spec] | None:
    """Return the specification meant by *node*: of a family, the member that its tag names."""
    family = family_of(annotation)
    if family is None:
        return spec_of(annotation)
    tag = node.value.get(family.tag) if isinstance(node.value, dict) else node
    return family.members.get(tag.value) if tag and isinstance(tag.value, str) else None


def field_of(spec: type[Spec] | None, key: str) -> Any:
    """Return the annotation of a field, with its constraints; None where there is none."""
    field = spec.model_fields.get(key) if spec else None
    return field.annotation if field else None


def spelled_out(annotation: Any, node: Node) -> Node:
    """Return the mapping ``{kind: ring}`` for the shorthand ``ring`` of a family's member."""
    family = family_of(annotation)
    if family is None or not isinstance(node.value, str):
        return node
    return Node({family.tag: Node(node.value, node.place)}, node.place, node.key_place)
