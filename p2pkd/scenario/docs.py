"""What the strings below the fields of a specification say."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise

from p2pkd.scenario.base import Spec


def field_docs(spec: type[Spec]) -> dict[str, str]:
    """Return the docstrings of the fields that *spec* itself defines, by field."""
    return _module_docs(spec.__module__).get(spec.__qualname__, {})


@cache
def _module_docs(module: str) -> dict[str, dict[str, str]]:
    """Return the fields' docstrings of all classes at the top of *module*."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):
        # A class made in an interactive session has no source.
        return {}
    return {node.name: _class_docs(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _class_docs(node: ast.ClassDef) -> dict[str, str]:
    return {
        field.target.id: " ".join(inspect.cleandoc(below.value.value).split())
        for field, below in pairwise(node.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
