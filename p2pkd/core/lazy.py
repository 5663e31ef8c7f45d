"""NumPy, imported when it is first used.

Specifications live beside what they do, and reading a scenario must not wait for array libraries.
Modules that hold specifications write ``from p2pkd.core.lazy import numpy as np``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as numpy
else:

    class _Lazy:
        """Stands for a module until one of its names is wanted; keeps what it has given."""

        def __init__(self, name: str) -> None:
            self.__name__ = name

        def __getattr__(self, attribute: str) -> Any:
            value = getattr(import_module(self.__name__), attribute)
            setattr(self, attribute, value)
            return value

    numpy = _Lazy("numpy")
