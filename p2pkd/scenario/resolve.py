"""A scenario as YAML again, with nothing left out and every number with its unit."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.presets import load_preset, preset_names

if TYPE_CHECKING:
    from p2pkd.scenario.scenario import Scenario


def to_plain(scenario: Scenario) -> dict[str, Any]:
    """Return *scenario* as plain data that `scenario_from_dict` reads back to an equal one.

    The keys have the order of the specifications, tags first; what is nothing but a tag is written
    as its name.  Keys without a value are left out where that is the default, except where a
    preset would otherwise fill them.
    """
    dumped = scenario.model_dump(mode="json")
    plain: dict[str, Any] = _tidy(scenario, dumped, False)
    for section in _filled(scenario.method.preset):
        plain[section] = _tidy(getattr(scenario, section), dumped[section], True)
    return {key: plain[key] for key in dumped if key in plain}


def _filled(preset: str | None) -> list[str]:
    """Return the scenario's keys of which the preset says something."""
    if preset not in preset_names():
        return [] if preset is None else ["method"]
    return ["method", *load_preset(preset).sections()]


def to_yaml(scenario: Scenario) -> str:
    """Return *scenario* as the text of a file that loads to an equal one.

    Short mappings and lists stand on one line.
    """
    writer = YAML()
    writer.width = 100
    writer.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    writer.dump(_styled(to_plain(scenario)), out)
    return out.getvalue()


def _tidy(value: Any, dumped: Any, complete: bool) -> Any:
    """Return *dumped*, which is *value* as plain data, in the form described above."""
    if isinstance(value, tuple):
        return [_tidy(*pair, complete) for pair in zip(value, dumped, strict=True)]
    if not isinstance(value, Spec):
        return dumped
    fields = type(value).model_fields
    keys = [k for k in dumped if complete or dumped[k] is not None or fields[k].default is not None]
    if isinstance(value, Family):
        if keys == [value.tag]:
            return dumped[value.tag]
        keys.sort(key=lambda key: key != value.tag)
    return {key: _tidy(getattr(value, key), dumped[key], complete) for key in keys}


def _styled(value: Any) -> Any:
    """Return *value* for the writer: mappings and lists of scalars on one line where short."""
    if isinstance(value, dict):
        mapping = CommentedMap({key: _styled(inner) for key, inner in value.items()})
        if _flat(value) and len(repr(value)) < 70:
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        items = CommentedSeq([_styled(item) for item in value])
        if _flat(value):
            items.fa.set_flow_style()
        return items
    return value


def _flat(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return bool(value) and not any(isinstance(item, dict | list) and item for item in inner)
