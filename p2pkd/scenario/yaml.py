"""YAML with the place of every key and value.

YAML 1.2, one document, anchors and merge keys included; plain data only, so that no tag in a file
can make an object.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from p2pkd.core.errors import Problem, ScenarioError

_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")}
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"


class Place(NamedTuple):
    """Where something is written; line and column count from 1, 0 where there are none."""

    file: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Node:
    """A value and where it is written; entries of a mapping also know where their key is."""

    value: Any  # a scalar, dict[str, Node] or list[Node]
    place: Place
    key_place: Place | None = None

    def plain(self) -> Any:
        """Return the value without places, as JSON would have it."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def problem(self, key: str, message: str) -> Problem:
        """Return a mistake in this value."""
        return Problem(*self.place, key, message)


def node_of(value: Any, place: Place) -> Node:
    """Return plain data as a tree in which everything is written at *place*."""
    if isinstance(value, dict):
        inner = {str(k): replace(node_of(v, place), key_place=place) for k, v in value.items()}
        return Node(inner, place)
    if isinstance(value, list | tuple):
        return Node([node_of(item, place) for item in value], place)
    return Node(value, place)


def parse(text: str, file: str, problems: list[Problem]) -> Node:
    """Return the tree of *text*; *file* is the name that errors give.

    Mistakes that leave a tree (duplicate keys, foreign tags) are added to *problems*; raise
    ScenarioError, with those too, where there is no tree.
    """
    reader = YAML(typ="safe", pure=True)
    try:
        root = reader.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        what = f"not valid YAML: {error.problem or error.context}"
        raise ScenarioError([*problems, Problem(file, line, column, "", what)]) from None
    except YAMLError as error:
        what = f"not valid YAML: {' '.join(str(error).split())}"
        raise ScenarioError([*problems, Problem(file, 0, 0, "", what)]) from None
    if root is None:
        return Node(None, Place(file, 1, 1))
    return _Builder(file, reader.constructor, problems).build(root, "", ())


class _Builder:
    def __init__(self, file: str, constructor: SafeConstructor, problems: list[Problem]) -> None:
        self.file = file
        self.constructor = constructor
        self.problems = problems

    def place(self, node: Any) -> Place:
        """Return where *node* stands."""
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def complain(self, node: Any, key: str, message: str) -> None:
        """Note a problem with *node*, the value of *key*, and go on."""
        self.problems.append(Problem(*self.place(node), key, message))

    def build(self, node: Any, key: str, above: tuple[Any, ...]) -> Node:
        """Return *node* as plain values and their places; *above* are the nodes around it."""
        place = self.place(node)
        if any(node is outer for outer in above):
            self.complain(node, key, "an alias to a value that contains it")
            return Node(None, place)
        if isinstance(node, MappingNode):
            return Node(self.mapping(node, key, (*above, node)), place)
        if isinstance(node, SequenceNode):
            items = enumerate(node.value)
            return Node([self.build(v, _join(key, i), (*above, node)) for i, v in items], place)
        return Node(self.scalar(node, key), place)

    def mapping(self, node: MappingNode, key: str, above: tuple[Any, ...]) -> dict[str, Node]:
        """Return the values by key; own keys win over merged ones."""
        own: dict[str, Node] = {}
        inherited: dict[str, Node] = {}
        for name_node, value_node in node.value:
            name = name_node.value if isinstance(name_node, ScalarNode) else "?"
            if name_node.tag == _MERGE:
                inherited = {**self.merged(value_node, key, above), **inherited}
                continue
            path = _join(key, name)
            if name in own:
                first = own[name].key_place
                line = first.line if first else 0
                self.complain(name_node, path, f"duplicate key; first given in line {line}")
            value = self.build(value_node, path, above)
            own[name] = replace(value, key_place=self.place(name_node))
            if value.value is None:
                own[name] = replace(own[name], place=self.place(name_node))
        return {**inherited, **own}

    def merged(self, node: Any, key: str, above: tuple[Any, ...]) -> dict[str, Node]:
        """Return what a merge key brings in; of several mappings the first one wins."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        trees = [self.build(source, key, above) for source in sources]
        result: dict[str, Node] = {}
        for source, tree in zip(sources, trees, strict=True):
            if isinstance(tree.value, dict):
                result = {**tree.value, **result}
            else:
                self.complain(source, _join(key, "<<"), "must be an alias to a mapping")
        return result

    def scalar(self, node: ScalarNode, key: str) -> Any:
        """Return a plain value; a timestamp stays text."""
        if node.tag == _TIMESTAMP:
            return node.value
        if node.tag not in _SCALARS:
            self.complain(node, key, f"tag {node.tag!r} is not allowed; scenarios are plain data")
            return node.value
        try:
            return self.constructor.construct_object(node)
        except ValueError:
            # Python turns no text of more than 4,300 digits into a number.
            what = f"a number of {len(node.value):,} characters; none that long is meant"
            self.complain(node, key, what)
            return 1


def _join(key: str, name: str | int) -> str:
    return f"{key}.{name}" if key else str(name)
