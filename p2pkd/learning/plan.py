"""From what is pending to groups: who is alive, in which order, who goes together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sys import getrefcount
from typing import Any
from weakref import ref

from p2pkd.learning.versions import DISTILL, MERGE, PREDICT

Chain = tuple[Any, ...]
# By level; then by pool read, pool written, and the kinds and shapes of the chain's operations.
Plan = dict[int, dict[Any, list[Chain]]]


def make_plan(pending: Iterable[ref[Any]], shape: Callable[[Any], Any]) -> Plan:
    """Return the chains of operations to run, by level, in the order of their recording.

    A chain's level is more than that of all its inputs.  A version that only the next operation
    holds needs no row of its own: the two are a chain, and run as one.
    """
    alive = [product for weak in pending if (product := weak()) is not None]
    chains: dict[int, tuple[Chain, Chain]] = {}
    for product in alive:
        chain: Chain = (product,)
        key: Chain = (product.kind, shape(product))
        level = _level(product)
        source = id(product.source)
        # Held by the list of the living, by its own chain, and by this product: by nobody else.
        if product.kind != PREDICT and source in chains and _holders(product) == _ALONE + 2:
            before, keys = chains.pop(source)
            chain, key = before + chain, keys + key
        product.level = level
        chains[id(product)] = chain, key
    plan: Plan = {}
    for chain, key in chains.values():
        first, last = chain[0], chain[-1]
        origin = first.source.pool if first.kind == PREDICT else first.pool
        group = plan.setdefault(last.level, {})
        group.setdefault((origin, last.pool, key), []).append(chain)
    return plan


def _level(product: Any) -> int:
    """Return the first level after those of the inputs: even for predictions, odd for the rest.

    Predictions and lessons then take turns, in few large groups.
    """
    kind, source = product.kind, product.source
    level = 0 if source is None else int(source.level)
    if kind == PREDICT:
        return level + 2 - level % 2
    if kind == MERGE:
        level = max(level, max(part.level for part, _ in product.argument))
    elif kind == DISTILL:
        level = max(level, max(payload.level for payload in product.argument[0]))
    return level + 1 + level % 2


def _holders(product: Any) -> int:
    return getrefcount(product.source)


class _Probe:
    """Measures how this interpreter counts a value that is held from one place."""

    __slots__ = ("source",)
    source: object


def _alone() -> int:
    probe = _Probe()
    probe.source = object()
    return _holders(probe)


_ALONE = _alone()
