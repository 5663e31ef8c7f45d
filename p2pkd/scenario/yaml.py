"""YAML with the place of every key and value.

YAML 1.2, one document, anchors and merge keys included; plain data only, so that no tag in a file
can make an object.  An alias costs nothing: it is the very node that its anchor is.  What no
scenario needs, but would take for ever or break something further on, is refused where it stands:
see the limits below.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from p2pkd.core.errors import Problem, ScenarioError
from p2pkd.core.text import is_odd, named, readable

_SCALARS = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")}
_TEXT = "tag:yaml.org,2002:str"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"

# Levels of lists and mappings; the deepest scenario has about ten.
MAX_DEPTH = 64
# Values of a file, those that aliases repeat counted as often as they are repeated.
MAX_VALUES = 1_000_000
# Characters of one text.
MAX_TEXT = 10_000
# Integers stay below 2 to the power of this, in amount.
MAX_BITS = 128

DUPLICATE = "duplicate key"


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


def node_of(value: Any, place: Place, depth: int = 0) -> Node:
    """Return plain data as a tree in which everything is written at *place*.

    Raise ScenarioError for what a file could not hold either; *depth* is that of *value*.
    """
    wrong = TOO_DEEP if depth > MAX_DEPTH else unfit(value)
    if wrong:
        raise ScenarioError([Problem(*place, "", wrong)])
    if isinstance(value, dict):
        inner = {
            str(k): replace(node_of(v, place, depth + 1), key_place=place) for k, v in value.items()
        }
        return Node(inner, place)
    if isinstance(value, list | tuple):
        return Node([node_of(item, place, depth + 1) for item in value], place)
    return Node(value, place)


TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep; scenarios have about ten"


def unfit(value: Any) -> str | None:
    """Return what makes a scalar unfit for any key; None where nothing does."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            return f"a text of {len(value):,} characters; give at most {MAX_TEXT:,}"
        odd = next((c for c in value if is_odd(c)), None)
        return None if odd is None else f"{named(odd)} is no character of a text; leave it out"
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return f"a number of about {value.bit_length() * 0.30103:,.0f} digits; no key takes that"
    return None


def parse(text: str, file: str, problems: list[Problem]) -> Node:
    """Return the tree of *text*; *file* is the name that errors give.

    Mistakes that leave a tree (duplicate keys, foreign tags) are added to *problems*; raise
    ScenarioError, with those too, where there is no tree.
    """
    reader = YAML(typ="safe", pure=True)
    reader.max_depth = MAX_DEPTH
    try:
        root = reader.compose(text)
    except MaxDepthExceededError as error:
        mark = error.problem_mark
        place = Place(file, mark.line + 1, mark.column + 1)
        raise ScenarioError([*problems, Problem(*place, "", TOO_DEEP)]) from None
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
    return _Builder(file, reader.constructor, problems).root(root)


class _Builder:
    def __init__(self, file: str, constructor: SafeConstructor, problems: list[Problem]) -> None:
        self.file = file
        self.constructor = constructor
        self.problems = problems
        # By the identity of YAML's node: what was made of it, and how many values that stands for.
        self.built: dict[int, Node] = {}
        self.values: dict[int, int] = {}

    def root(self, node: Any) -> Node:
        """Return the whole tree; raise ScenarioError if its aliases stand for too much."""
        tree = self.build(node, "", ())
        if self.values[id(node)] > MAX_VALUES:
            raise ScenarioError([*self.problems, self.bomb(node)])
        return tree

    def bomb(self, node: Any) -> Problem:
        """Return the complaint about the innermost value that stands for too much."""
        parts = [v for pair in node.value for v in (pair if isinstance(pair, tuple) else [pair])]
        for part in parts:
            if self.values.get(id(part), 0) > MAX_VALUES:
                return self.bomb(part)
        n = self.values[id(node)]
        what = f"its aliases stand for {n:,} values; a file may have {MAX_VALUES:,}"
        return Problem(*self.place(node), "", what)

    def place(self, node: Any) -> Place:
        """Return where *node* stands."""
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def complain(self, node: Any, key: str, message: str) -> None:
        """Note a problem with *node*, the value of *key*, and go on."""
        self.problems.append(Problem(*self.place(node), key, message))

    def build(self, node: Any, key: str, above: tuple[Any, ...]) -> Node:
        """Return *node* as plain values and their places; *above* are the nodes around it."""
        if any(node is outer for outer in above):
            self.complain(node, key, "an alias to a value that contains it")
            return Node(None, self.place(node))
        if id(node) not in self.built:
            self.built[id(node)] = Node(self.value(node, key, above), self.place(node))
            parts = node.value if isinstance(node, MappingNode | SequenceNode) else ()
            # A mapping's parts are pairs of a key and a value.
            inner = (part[1] if isinstance(part, tuple) else part for part in parts)
            self.values[id(node)] = 1 + sum(self.values.get(id(part), 1) for part in inner)
        return self.built[id(node)]

    def value(self, node: Any, key: str, above: tuple[Any, ...]) -> Any:
        """Return what *node* holds."""
        if isinstance(node, MappingNode):
            return self.mapping(node, key, (*above, node))
        if isinstance(node, SequenceNode):
            items = enumerate(node.value)
            return [self.build(v, _join(key, i), (*above, node)) for i, v in items]
        return self.scalar(node, key)

    def mapping(self, node: MappingNode, key: str, above: tuple[Any, ...]) -> dict[str, Node]:
        """Return the values by key; own keys win over merged ones."""
        own: dict[str, Node] = {}
        inherited: dict[str, Node] = {}
        for name_node, value_node in node.value:
            name = self.text(name_node, key) if isinstance(name_node, ScalarNode) else "?"
            if name_node.tag == _MERGE:
                inherited = {**self.merged(value_node, key, above), **inherited}
                continue
            path = _join(key, name)
            if name in own:
                first = own[name].key_place
                line = first.line if first else 0
                self.complain(name_node, path, f"{DUPLICATE}; first given in line {line}")
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
        if node.tag not in (_TIMESTAMP, *_SCALARS):
            self.complain(node, key, f"tag {node.tag!r} is not allowed; scenarios are plain data")
        elif node.tag not in (_TIMESTAMP, _TEXT):
            try:
                value = self.constructor.construct_object(node)
            except (ValueError, OverflowError):
                what = f"a number of {len(node.value):,} characters; no key takes that"
                self.complain(node, key, what)
                return None
            if (wrong := unfit(value)) is not None:
                self.complain(node, key, wrong)
            return value if wrong is None else None
        return self.text(node, key)

    def text(self, node: ScalarNode, key: str) -> str:
        """Return a text, made readable where it is unfit."""
        wrong = unfit(node.value)
        if wrong is None:
            return str(node.value)
        self.complain(node, key, wrong)
        return readable(node.value[:100])


def _join(key: str, name: str | int) -> str:
    return f"{key}.{name}" if key else str(name)
