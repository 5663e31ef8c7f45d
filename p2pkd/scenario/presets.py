"""Named methods: `method: {preset: dml}`.

A preset is a YAML file in the package folder ``presets`` with the keys `name`, `summary`, `paper`,
`departures` and `method`; the last may itself begin with a `preset`.  The keys that a scenario
gives beside `preset` are laid over the preset's.  Other packages add presets in a folder of that
name beside the module of their entry point (see `p2pkd.scenario.kinds`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from p2pkd.core.errors import InputError, Problem, ScenarioError, suggestion
from p2pkd.scenario.kinds import kind_folders
from p2pkd.scenario.merge import merge
from p2pkd.scenario.yaml import Node, parse

FOLDER = Path(__file__).parent.parent / "presets"


@dataclass(frozen=True)
class Preset:
    """A named method: what it does, whose it is, where it departs from the paper."""

    name: str
    summary: str
    paper: str
    departures: str
    method: Node

    def part(self, name: str) -> dict[str, Any]:
        """Return what the preset, or those that it builds on, say of one of the five choices."""
        given = self.method.plain()
        base = load_preset(given["preset"]).part(name) if "preset" in given else {}
        return {**base, **given.get(name, {})}

    @property
    def payload(self) -> str:
        """What travels, in a few words: ``soft_labels, 64 rows, float16``."""
        if self.part("gossip").get("protocol") == "none":
            return "nothing"
        send = self.part("send")
        rows = [f"{send['rows']} rows"] if "rows" in send else []
        codec = [_spelled(send["codec"])] if "codec" in send else []
        return ", ".join([_spelled(send.get("knowledge", "soft_labels")), *rows, *codec])


def _spelled(choice: Any) -> str:
    """Return a choice in words: ``delta of bits (b 1)``."""
    if not isinstance(choice, dict):
        return str(choice)
    inner = f" of {_spelled(choice['of'])}" if "of" in choice else ""
    others = {k: v for k, v in choice.items() if k not in ("kind", "of")}
    detail = ", ".join(f"{key} {value}" for key, value in others.items())
    return f"{choice['kind']}{inner}" + (f" ({detail})" if detail else "")


def preset_names() -> list[str]:
    """Return the names of all presets, sorted."""
    return sorted(_files())


def _files() -> dict[str, Path]:
    """Return the file of each preset; raise InputError if a name is given twice."""
    files: dict[str, Path] = {}
    for folder in (FOLDER, *(parent / "presets" for parent in kind_folders())):
        for path in sorted(folder.glob("*.yaml")):
            if path.stem in files:
                raise InputError(f"preset {path.stem!r}: in {files[path.stem]} and in {path}")
            files[path.stem] = path
    return files


def load_preset(name: str) -> Preset:
    """Return the preset *name*; raise ScenarioError if its file is broken."""
    path = _files()[name]
    problems: list[Problem] = []
    tree = parse(path.read_text(encoding="utf-8"), _shown(path), problems)
    if not isinstance(tree.value, dict) or "method" not in tree.value:
        problems.append(tree.problem("", "a preset needs the keys name, summary, paper and method"))
    if problems:
        raise ScenarioError(problems)
    texts = {key: str(node.value or "").strip() for key, node in tree.value.items()}
    summary, paper, departures = (texts.get(k, "") for k in ("summary", "paper", "departures"))
    return Preset(name, summary, paper, departures, tree.value["method"])


def expand(method: Node, annotation: Any, chain: tuple[str, ...] = ()) -> Node:
    """Return *method* laid over the preset that it names, if any; the name stays as given.

    Raise ScenarioError, with the name's place, if there is no such preset, or if presets go round
    in a circle.
    """
    named = method.value.get("preset") if isinstance(method.value, dict) else None
    if named is None or named.value is None:
        return method
    name = named.value
    if name in chain:
        loop = " -> ".join([*chain, name])
        raise ScenarioError([named.problem("method.preset", f"builds on itself: {loop}")])
    if name not in preset_names():
        what = f"unknown preset {name!r}{suggestion(str(name), preset_names())}"
        raise ScenarioError([named.problem("method.preset", what)])
    base = _without(expand(load_preset(name).method, annotation, (*chain, name)), "preset")
    given = _without(method, "preset")
    merged = merge(base, given, annotation, "method")
    entries = {"preset": named, **merged.value}
    return Node(entries, method.place, method.key_place)


def _without(node: Node, key: str) -> Node:
    entries = {name: value for name, value in node.value.items() if name != key}
    return Node(entries, node.place, node.key_place)


def _shown(path: Path) -> str:
    """Return *path* as a user would type it from where they are."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
