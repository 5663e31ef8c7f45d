"""What tells whether a result is up to date: its scenarios, and the program that ran them."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import p2pkd

FILE = "docs/results/stamps.json"
# The layers below analysis make a run what it is; what looks at runs is not among them.
LAYERS = ("core", "scenario", "world", "learning", "knowledge", "distillation", "gossip", "engine",
          "record", "presets", "run.py")  # fmt: skip


@functools.cache
def program_key() -> str:
    """Return a hash of the version and of all code and data that runs depend on.

    Comments, docstrings and layout of the code do not count.
    """
    root = Path(p2pkd.__file__).parent
    digest = hashlib.sha256(p2pkd.__version__.encode())
    for layer in LAYERS:
        path = root / layer
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(root)).encode())
                digest.update(_meaning(file))
    return digest.hexdigest()[:16]


def hash_of(parts: list[str]) -> str:
    """Return a hash of *parts*, in any order."""
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]


def read_stamps(place: Path) -> dict[str, dict[str, Any]]:
    """Return the stamps of all results below *place*, by name; none where there are none yet."""
    file = place / FILE
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def write_stamp(place: Path, name: str, stamp: dict[str, Any]) -> None:
    """Put *stamp* beside the others."""
    file = place / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    stamps = {**read_stamps(place), name: stamp}
    text = json.dumps(dict(sorted(stamps.items())), indent=2)
    file.write_text(text + "\n", encoding="utf-8")


def _meaning(file: Path) -> bytes:
    if file.suffix != ".py":
        return file.read_bytes()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]
    return ast.dump(tree).encode()


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
