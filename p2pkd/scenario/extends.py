"""`extends: other.yaml`: a scenario as a change to another one.

The value is a file name or a list of them, relative to the file that says it; later ones are laid
over earlier ones, and the file itself over all (see `p2pkd.scenario.merge` for what that means).
A file is read once, however many name it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from p2pkd.core.errors import Problem, ScenarioError
from p2pkd.core.text import readable, short
from p2pkd.scenario.merge import Loss, merge
from p2pkd.scenario.yaml import Node, Place, parse

# The largest scenario of this project has some 5 kB.
MAX_BYTES = 1_000_000
# Files on the way from one to the last that it extends.
MAX_CHAIN = 50


def read_text(path: Path, place: Place | None = None, key: str = "") -> str:
    """Return the text of a scenario file.

    Raise ScenarioError if there is none, at *place* where another file asked for it.
    """
    named = short(readable(str(path)))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        what = f"{named} has more than {MAX_BYTES:,} bytes; a scenario file has a few thousand"
    except FileNotFoundError:
        what = f"no such file: {named}" if place else "no such file"
    except IsADirectoryError:
        what = f"{named} is a folder, not a scenario file"
    except UnicodeDecodeError as error:
        what = f"{named} is not UTF-8 text: {error.reason} at byte {error.start}"
    except OSError as error:
        what = f"{named} cannot be read: {error.strerror}"
    except ValueError as error:
        what = f"{named} is no name of a file: {error}"
    raise ScenarioError([Problem(*(place or Place(named)), key, what)])


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
    tree = parse(text, str(path), problems)
    return _Reading(annotation, problems, lost).extended(tree, path, (path,))


def extended(
    tree: Node,
    path: Path,
    annotation: Any,
    problems: list[Problem],
    lost: list[Loss] | None = None,
) -> Node:
    """Return *tree* laid over what it extends; file names are relative to *path*'s folder."""
    return _Reading(annotation, problems, lost).extended(tree, path, ())


class _Reading:
    """One scenario being read; `known` are the trees of the files so far, by their real paths."""

    def __init__(self, annotation: Any, problems: list[Problem], lost: list[Loss] | None) -> None:
        self.annotation = annotation
        self.problems = problems
        self.lost = lost
        self.known: dict[str, Node] = {}

    def extended(self, tree: Node, path: Path, chain: tuple[Path, ...]) -> Node:
        """Return *tree* laid over what it extends.

        *chain* are the files on the way to this tree, itself included.
        """
        if not isinstance(tree.value, dict):
            what = "must be a mapping of keys such as 'duration: 20 min'"
            raise ScenarioError([*self.problems, tree.problem("", what)])
        entries = dict(tree.value)
        named = entries.pop("extends", None)
        tree = Node(entries, tree.place)
        if named is None:
            return tree
        parents = [self.parent(path, ref, chain) for ref in self.references(named)]
        below = parents[0]
        for parent in [*parents[1:], tree]:
            below = merge(below, parent, self.annotation, lost=self.lost)
        return below

    def references(self, named: Node) -> list[Node]:
        """Return the names that the value of ``extends`` gives."""
        refs = named.value if isinstance(named.value, list) else [named]
        for ref in refs:
            if not isinstance(ref.value, str):
                what = "must be a file name or a list of file names"
                raise ScenarioError([*self.problems, ref.problem("extends", what)])
        if not refs:
            what = "an empty list; name a file or leave it out"
            raise ScenarioError([*self.problems, named.problem("extends", what)])
        return list(refs)

    def parent(self, child: Path, ref: Node, chain: tuple[Path, ...]) -> Node:
        """Return the tree of the file that *ref* names, with all that it extends in turn."""
        path = Path(os.path.normpath(child.parent / ref.value))
        try:
            real = os.path.realpath(path)
            same = [file for file in chain if os.path.realpath(file) == real]
        except ValueError:  # a name that no file can have
            real, same = str(path), []
        if same:
            loop = " -> ".join(str(file) for file in [*chain[chain.index(same[0]) :], path])
            raise ScenarioError([ref.problem("extends", f"extends itself: {loop}")])
        if len(chain) > MAX_CHAIN:
            what = f"a chain of more than {MAX_CHAIN} files, each extending the next"
            raise ScenarioError([ref.problem("extends", what)])
        if real not in self.known:
            text = read_text(path, ref.place, "extends")
            tree = parse(text, str(path), self.problems)
            self.known[real] = self.extended(tree, path, (*chain, path))
        return self.known[real]
