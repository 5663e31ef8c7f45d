"""Pydantic's complaints in the words of somebody who writes YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from p2pkd.core.errors import suggestion
from p2pkd.scenario.quantities import Percent, Quantity, shown
from p2pkd.scenario.walk import choices_of, family_of, item_of

_TYPES = {
    "int": "an integer",
    "float": "a number",
    "decimal": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "model": "a mapping of keys",
    "dict": "a mapping of keys",
}
_BOUNDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda ctx: f"at least {number(ctx['ge'])}",
    "greater_than": lambda ctx: f"more than {number(ctx['gt'])}",
    "less_than_equal": lambda ctx: f"at most {number(ctx['le'])}",
    "less_than": lambda ctx: f"less than {number(ctx['lt'])}",
    "multiple_of": lambda ctx: f"a multiple of {number(ctx['multiple_of'])}",
    "literal_error": lambda ctx: str(ctx["expected"]),
    "string_pattern_mismatch": lambda ctx: f"text that matches {ctx['pattern']}",
}


def requirement(kind: str, context: Mapping[str, Any]) -> str | None:
    """Return what the value must be, such as ``at least 2``; None if *kind* is not about that."""
    if kind in _BOUNDS:
        return _BOUNDS[kind](context)
    return _TYPES.get(kind.split("_")[0]) if kind != "string_too_short" else None


def must_be(requirements: list[str], value: Any) -> str:
    """Return ``must be an integer or 'all', given 'three'``."""
    wanted = list(dict.fromkeys(requirements))
    names = re.findall(r"'([^']+)'", " ".join(wanted))
    hint = suggestion(value, names) if isinstance(value, str) and names else ""
    hint = hint if "did you mean" in hint else ""
    return f"must be {' or '.join(wanted)}, given {given(value)}{hint}"


def other(kind: str, message: str, context: Mapping[str, Any], value: Any) -> str:
    """Return the message for the kinds of error that are not about what a value must be."""
    if kind == "quantity" and value is None:
        example = context.get("example")
        return f"has no value{f'; write it like {example!r}' if example else ''}"
    if kind == "too_short":
        return f"needs at least {context['min_length']} entry, given {context['actual_length']}"
    if kind == "too_long":
        return f"takes at most {context['max_length']} entries, given {context['actual_length']}"
    if kind in ("value_error", "assertion_error"):
        return message.split(", ", 1)[-1]
    return (
        message
        if kind == "quantity"
        else f"{message[:1].lower()}{message[1:]}, given {given(value)}"
    )


def given(value: Any) -> str:
    """Return *value* as a user would name it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return shown(value)


def number(value: Any) -> str:
    """Return a bound without a needless ``.0``."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def example(name: str, field: FieldInfo) -> str:
    """Return how a missing key could be written: ``duration: 30 s``."""
    return f"{name}: {_value(field)}"


def _value(field: FieldInfo) -> str:
    for part in field.metadata:
        if isinstance(part, Quantity):
            return part.dimension.example
        if isinstance(part, Percent):
            return "50 %"
    choice = choices_of(field.annotation)[0]
    if family := family_of(field.annotation):
        return sorted(family.members)[0]
    if get_origin(choice) is Literal:
        return str(get_args(choice)[0])
    if item_of(field.annotation) is not None:
        return "[...]"
    return {int: "10", float: "0.5", bool: "true"}.get(choice, "...")
