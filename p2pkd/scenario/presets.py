"""Named methods: `method: {preset: dml}`.

A preset is a YAML file in the package folder ``presets`` with the keys `name`, `summary`, `paper`,
`departures` and `method`; the last may itself begin with a `preset`.  What the paper requires
beside its method stands under the scenario's own keys (`SECTIONS`), ``models: {start: ...}``.
Whatever a scenario, or what it extends, says is laid over the preset's.  Other packages add presets
in a folder of that name beside the module of their entry point (see `p2pkd.scenario.kinds`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from p2pkd.core.errors import InputError, Problem, ScenarioError, suggestion
from p2pkd.scenario.kinds import kind_folders
from p2pkd.scenario.merge import Loss, merge
from p2pkd.scenario.yaml import Node, parse

FOLDER = Path(__file__).parent.parent / "presets"
# What presets were called that lacked a mechanism of the paper whose name they had.
FORMER = {
    "d-distillation": "latest-labels",
    "idkd": "confident-labels",
    "kt-pfl": "learned-weights",
    "selective-fd": "selective-labels",
    "sqmd": "similar-peers",
}
TEXTS = ("name", "summary", "paper", "departures")
# What a preset may say of a scenario beside its method.
SECTIONS = ("aggregators", "data", "evaluate", "models")


@dataclass(frozen=True)
class Preset:
    """A named method: what it does, whose it is, where it departs from the paper.

    `beside` is what it says of a scenario beside the method, a mapping of some of `SECTIONS`.
    """

    name: str
    summary: str
    paper: str
    departures: str
    method: Node
    beside: Node

    def part(self, name: str) -> dict[str, Any]:
        """Return what the preset, or those that it builds on, say of one of the five choices."""
        given = self.method.plain()
        base = load_preset(given["preset"]).part(name) if "preset" in given else {}
        return {**base, **given.get(name, {})}

    def sections(self) -> dict[str, Any]:
        """Return what the preset, or those that it builds on, say beside the method."""
        given = self.method.plain()
        base = load_preset(given["preset"]).sections() if "preset" in given else {}
        return {**base, **self.beside.plain()}

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
    return _read(name, path.read_text(encoding="utf-8"), _shown(path))


@lru_cache(maxsize=1024)
def _read(name: str, text: str, place: str) -> Preset:
    """Return the preset in *text*: one scenario asks for its own several times, a study often."""
    problems: list[Problem] = []
    tree = parse(text, place, problems)
    problems += _misshapen(tree)
    if problems:
        raise ScenarioError(problems)
    texts = {key: str(tree.value[key].value or "").strip() for key in TEXTS if key in tree.value}
    summary, paper, departures = (texts.get(k, "") for k in ("summary", "paper", "departures"))
    beside = {key: node for key, node in tree.value.items() if key in SECTIONS}
    return Preset(name, summary, paper, departures, tree.value["method"], Node(beside, tree.place))


def _misshapen(tree: Node) -> Iterator[Problem]:
    """Yield what is wrong with a preset's own keys; their contents are checked as a scenario's."""
    if not isinstance(tree.value, dict) or "method" not in tree.value:
        yield tree.problem("", "a preset needs the keys name, summary, paper and method")
        return
    if not isinstance(tree.value["method"].value, dict):
        yield tree.value["method"].problem("method", "must be a mapping such as '{learn: ...}'")
    known = (*TEXTS, "method", *SECTIONS)
    for key, node in tree.value.items():
        if key not in known:
            what = f"unknown key of a preset{suggestion(key, known)}"
            yield replace(node, place=node.key_place or node.place).problem(key, what)


def expand(tree: Node, root: Any, lost: list[Loss] | None = None) -> Node:
    """Return a scenario's *tree* laid over the preset that its method names, if any.

    The name stays as given; *root* is the specification of scenarios; what of the preset the
    scenario replaces whole goes to *lost*.  Raise ScenarioError, with
    the name's place, if there is no such preset, or if presets go round in a circle.
    """
    method = tree.value.get("method")
    named = method.value.get("preset") if method and isinstance(method.value, dict) else None
    if method is None or named is None or named.value is None:
        return tree
    merged = merge(layer_of(named, root), _nameless(tree), root, lost=lost).value
    entries = {"preset": named, **merged["method"].value}
    expanded = Node(entries, method.place, method.key_place)
    return Node({**merged, "method": expanded}, tree.place, tree.key_place)


def layer_of(named: Node, root: Any, chain: tuple[str, ...] = ()) -> Node:
    """Return all that the preset called *named* says of a scenario, over what it builds on."""
    name = named.value
    if name in chain:
        loop = " -> ".join([*chain, name])
        raise ScenarioError([named.problem("method.preset", f"builds on itself: {loop}")])
    if name not in preset_names():
        raise ScenarioError([named.problem("method.preset", _unknown(str(name)))])
    preset = load_preset(name)
    own = Node({**preset.beside.value, "method": preset.method}, preset.beside.place)
    below = preset.method.value.get("preset")
    if below is None:
        return own
    return merge(layer_of(below, root, (*chain, name)), _nameless(own), root)


def _unknown(name: str) -> str:
    """Return what is wrong with *name*, which no preset has; and the name that is meant, if any."""
    if name in FORMER:
        return f"preset {name!r} is called {FORMER[name]!r}, after what it does (docs/presets.md)"
    return f"unknown preset {name!r}{suggestion(name, preset_names())}"


def _nameless(tree: Node) -> Node:
    """Return a scenario's tree without the name of its preset, which would start it anew."""
    method = tree.value["method"]
    entries = {name: value for name, value in method.value.items() if name != "preset"}
    return Node({**tree.value, "method": Node(entries, method.place, method.key_place)}, tree.place)


def preset_files() -> set[str]:
    """Return the files of all presets, as places name them."""
    return {_shown(path) for path in _files().values()}


def _shown(path: Path) -> str:
    """Return *path* as a user would type it from where they are."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
