"""What the history of a graph is, and how it is built from a specification."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import singledispatch
from pathlib import Path
from typing import Any, NamedTuple

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.scenario.dynamics import DynamicsSpec, Static
from p2pkd.scenario.topology import TopologySpec
from p2pkd.world.topology import Topology


class Change(NamedTuple):
    """What happens to a graph at one time: a new graph, or edges that come (True) or go."""

    time_s: float
    topology: Topology | None = None
    edges: tuple[tuple[int, int, bool], ...] = ()


History = Callable[[], Iterator[Change]]
"""Begins the changes of a graph, in order of time and perhaps without end; the same each time."""


class Setting(NamedTuple):
    """What a graph's history may depend on beside its own specification."""

    topology: Topology
    """The first graph."""
    spec: TopologySpec
    """What that was drawn from."""
    streams: Streams
    base: Path
    """Where relative paths start."""


Builder = Callable[[Any, Setting], History]


def build_history(spec: DynamicsSpec, setting: Setting) -> History | None:
    """Return the changes that *spec* makes to the graph of *setting*; None if it stays.

    Raise InputError if the graph cannot change like that; TraceError if a file is wrong.
    """
    return _build(spec, setting)


@singledispatch
def _build(spec: DynamicsSpec, setting: Setting) -> History | None:
    raise InputError(f"no builder for the dynamics {type(spec).__name__}")


@_build.register
def _static(spec: Static, setting: Setting) -> None:
    return None


def register(spec: type[DynamicsSpec]) -> Callable[[Builder], Builder]:
    """Return a decorator that makes a function the builder of *spec*.

    The function takes the specification and a `Setting`, and returns a `History`.
    """

    def enter(builder: Builder) -> Builder:
        _build.register(spec, builder)
        return builder

    return enter
