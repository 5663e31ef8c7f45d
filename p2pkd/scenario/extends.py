"""`extends: other.yaml`: a scenario as a change to another one.

The value is a file name or a list of them, relative to the file that says it; later ones are laid
over earlier ones, and the file itself over all (see `p2pkd.scenario.merge` for what that means).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from p2pkd.core.errors import Problem, ScenarioError
from p2pkd.scenario.merge import Loss, merge
from p2pkd.scenario.yaml import Node, Place, parse


def read_text(path: Path, place: Place | None = None, key: str = "") -> str:
    """Return the text of a scenario file.

    Raise ScenarioError if there is none, at *place* where another file asked for it.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        what = f"no such file: {path}" if place else "no such file"
    except IsADirectoryError:
        what = f"{path} is a folder, not a scenario file"
    except UnicodeDecodeError as error:
        what = f"{path} is not UTF-8 text: {error.reason} at byte {error.start}"
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror}"
    raise ScenarioError([Problem(*(place or Place(str(path))), key, what)])


def read_extended(
    path: Path,
    text: str,
    annotation: Any,
    problems: list[Problem],
    lost: list[Loss] | None = None,
) -> Node:
    """Return the tree of *text*, the contents of *path*, laid over what it extends.

    *annotation* is the specification that the tree stands for.  Mistakes that leave a tree go to
    *problems*, what is replaced whole to *lost*; raise ScenarioError for the others (no such file,
    a cycle, not YAML).
    """
    return extended(parse(text, str(path), problems), path, annotation, problems, lost, (path,))


def extended(
    tree: Node,
    path: Path,
    annotation: Any,
    problems: list[Problem],
    lost: list[Loss] | None = None,
    chain: tuple[Path, ...] = (),
) -> Node:
    """Return *tree* laid over what it extends; file names are relative to *path*'s folder.

    *chain* are the files on the way to this tree, itself included.
    """
    if not isinstance(tree.value, dict):
        what = "must be a mapping of keys such as 'duration: 20 min'"
        raise ScenarioError([*problems, tree.problem("", what)])
    entries = dict(tree.value)
    named = entries.pop("extends", None)
    tree = Node(entries, tree.place)
    if named is None:
        return tree
    parents = [_parent(path, ref, annotation, problems, lost, chain) for ref in _references(named)]
    below = parents[0]
    for parent in [*parents[1:], tree]:
        below = merge(below, parent, annotation, lost=lost)
    return below


def _references(named: Node) -> list[Node]:
    refs = named.value if isinstance(named.value, list) else [named]
    for ref in refs:
        if not isinstance(ref.value, str):
            what = "must be a file name or a list of file names"
            raise ScenarioError([ref.problem("extends", what)])
    if not refs:
        raise ScenarioError(
            [named.problem("extends", "an empty list; name a file or leave it out")]
        )
    return list(refs)


def _parent(
    child: Path,
    ref: Node,
    annotation: Any,
    problems: list[Problem],
    lost: list[Loss] | None,
    chain: tuple[Path, ...],
) -> Node:
    path = Path(os.path.normpath(child.parent / ref.value))
    same = [file for file in chain if os.path.realpath(file) == os.path.realpath(path)]
    if same:
        loop = " -> ".join(str(file) for file in [*chain[chain.index(same[0]) :], path])
        raise ScenarioError([ref.problem("extends", f"extends itself: {loop}")])
    text = read_text(path, ref.place, "extends")
    tree = parse(text, str(path), problems)
    return extended(tree, path, annotation, problems, lost, (*chain, path))
