"""From what is pending to groups: who is alive, in which order, who goes together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sys import getrefcount
from typing import Any
from weakref import ref

from p2pkd.learning.versions import PREDICT

Chain = tuple[Any, ...]
# By level; then by pool read, pool written, and the kinds and shapes of the chain's operations.
Plan = dict[int, dict[Any, list[Chain]]]


def make_plan(pending: Iterable[ref[Any]], shape: Callable[[Any], Any]) -> Plan:
    """Return the chains of operations to run, in the order in which they were recorded.

    A version that only the next operation holds needs no row of its own: the two are a chain, and
    run as one.  A chain runs at the level of its last operation, when all its inputs are computed.
    """
    alive = [product for weak in pending if (product := weak()) is not None]
    chains: dict[int, Chain] = {}
    keys: dict[int, Chain] = {}
    for product in alive:
        key: Chain = (product.kind, shape(product))
        chain: Chain = (product,)
        # Held by the list of the living, by its own chain, and by this product: by nobody else.
        if (
            product.kind != PREDICT
            and id(product.source) in chains
            and _holders(product) == _ALONE + 2
        ):
            source = id(product.source)
            chain = (*chains.pop(source), product)
            key = (*keys.pop(source), *key)
        chains[id(product)] = chain
        keys[id(product)] = key
    plan: Plan = {}
    for name, chain in chains.items():
        first, last = chain[0], chain[-1]
        origin = first.source.pool if first.kind == PREDICT else first.pool
        group = plan.setdefault(last.level, {})
        group.setdefault((origin, last.pool, keys[name]), []).append(chain)
    return plan


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
