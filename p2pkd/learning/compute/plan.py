"""From what is pending to groups: who is alive, in which order, who goes together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sys import getrefcount
from typing import Any
from weakref import ref

from p2pkd.learning.state.operations import TELLING

Chain = tuple[Any, ...]
# By level; then by pool read, pool written, and the kinds and shapes of the chain's operations.
Plan = dict[int, dict[Any, list[Chain]]]


def make_plan(pending: Iterable[ref[Any]], shape: Callable[[Any], Any]) -> Plan:
    """Return the chains of operations to run, by level, in the order of their recording.

    Of what is *pending* that is all that is alive, and was not computed before an interruption.
    A chain's level is more than that of all its inputs.  A version that only the next operation
    holds needs no row of its own: the two are a chain, and run as one.  A chain has no kind of
    operation twice, lest there be chains of many lengths and few of each.
    """
    alive = [p for weak in pending if (p := weak()) is not None and p.row < 0]
    chains: dict[int, tuple[Chain, Chain]] = {}
    for product in alive:
        kind = type(product.operation)
        chain: Chain = (product,)
        key: Chain = (kind, shape(product))
        source = id(product.source)
        # Held by the list of the living, by its own chain, and by this product: by nobody else.
        if kind not in TELLING and source in chains and _holders(product) == _ALONE + 2:
            before, keys = chains[source]
            if kind not in keys[::2]:
                del chains[source]
                chain, key = before + chain, keys + key
        chains[id(product)] = chain, key
    plan: Plan = {}
    for chain, key in chains.values():
        first, last = chain[0], chain[-1]
        origin = first.pool if first.source is None else first.source.pool
        group = plan.setdefault(last.level, {})
        group.setdefault((origin, last.pool, key), []).append(chain)
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
