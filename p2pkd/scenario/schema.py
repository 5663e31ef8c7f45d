"""The JSON schema of scenario files, for editors that complete and check YAML.

Two versions of every specification are in it: one with its required keys, and a partial one
(``...Part``) without.  The partial ones hold in a file that `extends` another, and in a `method`
that starts from a `preset`, where what is missing comes from elsewhere.
"""

from __future__ import annotations

import json
from typing import Any

from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.docs import field_docs
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.presets import preset_names

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEFS = "#/$defs/"


def scenario_schema() -> dict[str, Any]:
    """Return the JSON schema of a scenario file (draft 2020-12)."""
    load_kinds()
    from p2pkd.scenario.scenario import Scenario

    schema = _cleaned(Scenario.model_json_schema())
    specs = {name: spec for name, spec in _specs().items() if name in schema["$defs"]}
    whole = schema.pop("$defs") | {"Scenario": schema}
    for name, spec in (specs | {"Scenario": Scenario}).items():
        _write_descriptions(whole[name], spec)
        _write_defaults(whole[name], spec)
        _require_tag(whole[name], spec)
    whole["MethodSpec"]["properties"]["preset"]["anyOf"][0]["examples"] = preset_names()
    parts = {f"{name}Part": _part(definition) for name, definition in whole.items()}
    _choose_method(whole["Scenario"])
    names = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    parts["ScenarioPart"]["properties"] = {
        "extends": {"description": "Files that this one changes, relative to it.", **names},
        **parts["ScenarioPart"]["properties"],
    }
    return {
        "$schema": DIALECT,
        "title": "p2pkd scenario",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": f"{_DEFS}ScenarioPart"},
        "else": {"$ref": f"{_DEFS}Scenario"},
        "$defs": dict(sorted((whole | parts).items())),
    }


def schema_text() -> str:
    """Return the schema as the text of ``scenarios/scenario.schema.json``."""
    return json.dumps(scenario_schema(), indent=1, ensure_ascii=False) + "\n"


def _specs() -> dict[str, type[Spec]]:
    """Return all specifications that exist, by name."""
    found: dict[str, type[Spec]] = {}
    todo = [Spec]
    while todo:
        spec = todo.pop()
        found[spec.__name__] = spec
        todo += spec.__subclasses__()
    return found


def _cleaned(schema: Any) -> Any:
    """Return *schema* without what only OpenAPI knows, and without generated titles."""
    if isinstance(schema, list):
        return [_cleaned(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _cleaned(field) for name, field in value.items()}
        if key in ("properties", "$defs")
        else _cleaned(value)
        for key, value in schema.items()
        if key != "discriminator" and not (key == "title" and isinstance(value, str))
    }


def _write_descriptions(definition: dict[str, Any], spec: type[Spec]) -> None:
    """Write what the docstrings below the fields say."""
    for cls in reversed(spec.__mro__):
        if issubclass(cls, Spec):
            for name, text in field_docs(cls).items():
                definition["properties"].get(name, {})["description"] = text


def _write_defaults(definition: dict[str, Any], spec: type[Spec]) -> None:
    """Write the defaults as a file would have them, with units."""
    fields = {name for name, field in spec.model_fields.items() if not field.is_required()}
    defaults = spec.model_construct().model_dump(mode="json", include=fields, warnings=False)
    for name, value in defaults.items():
        if "default" in definition["properties"].get(name, {}):
            definition["properties"][name]["default"] = value


def _require_tag(definition: dict[str, Any], spec: type[Spec]) -> None:
    """Ask for the tag, which has a default in Python but must be written in a file."""
    if issubclass(spec, Family):
        definition["required"] = sorted({spec.tag, *definition.get("required", ())})


def _part(schema: Any) -> Any:
    """Return *schema* for a mapping that may be incomplete."""
    if isinstance(schema, list):
        return [_part(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {**schema, "$ref": f"{schema['$ref']}Part"}
    if schema.get("type") == "array":
        # A list replaces what it is laid over, so its items must be complete.
        return schema
    # Without its tag, a mapping may belong to more than one member of a family.
    renamed = {"anyOf" if key == "oneOf" else key: value for key, value in schema.items()}
    return {
        key: {name: _part(field) for name, field in value.items()}
        if key == "properties"
        else _part(value)
        for key, value in renamed.items()
        if key != "required"
    }


def _choose_method(scenario: dict[str, Any]) -> None:
    method = scenario["properties"]["method"]
    reference = method.pop("$ref", None) or method.pop("allOf")[0]["$ref"]
    method |= {
        "if": {"type": "object", "required": ["preset"]},
        "then": {"$ref": f"{reference}Part"},
        "else": {"$ref": reference},
    }
