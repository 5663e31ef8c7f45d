"""Who owns which private rows: one function a kind of partition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError
from p2pkd.scenario import data as specs
from p2pkd.scenario.data import PartitionSpec
from p2pkd.world.stratify import by_class

Ints = NDArray[np.int64]
REDRAWS = 20


@dataclass(frozen=True, eq=False)
class Partition:
    """The private rows of each agent, in compressed rows.

    Agent *i* owns ``rows[offsets[i]:offsets[i + 1]]``, in random order; nobody else owns them.

    Attributes
    ----------
    offsets : ``(n_agents + 1,)``
    rows : ``(n_owned,)``, places among the private rows.
    label_counts : ``(n_agents, n_classes)``
    """

    offsets: Ints
    rows: Ints
    label_counts: Ints

    def of(self, agent: int) -> Ints:
        """Return the rows of *agent*."""
        return self.rows[self.offsets[agent] : self.offsets[agent + 1]]

    def beside(self, idle: Sequence[int]) -> Partition:
        """Return the same rows among more agents, of whom those numbered *idle* own none."""
        if not idle:
            return self
        n = len(self.sizes) + len(idle)
        busy = np.setdiff1d(np.arange(n), idle)
        sizes = np.zeros(n, np.int64)
        sizes[busy] = self.sizes
        counts = np.zeros((n, self.label_counts.shape[1]), self.label_counts.dtype)
        counts[busy] = self.label_counts
        return Partition(np.concatenate([[0], np.cumsum(sizes)]), self.rows, counts)

    @property
    def sizes(self) -> Ints:
        """How many rows each agent owns, ``(n_agents,)``."""
        return np.diff(self.offsets)


def build_partition(
    spec: PartitionSpec,
    y: Ints,
    n_agents: int,
    n_classes: int,
    rng: np.random.Generator,
    owners: Ints | None = None,
) -> Partition:
    """Divide the rows labelled *y*, ``(n_rows,)``, among *n_agents*.

    *owners*, ``(n_rows,)``, says whose they are where that is given and not drawn; -1: nobody's.

    Raise DataError, with the remedy, if *spec* cannot be met.
    """
    check_rows(spec, len(y), n_agents)
    if owners is not None:
        rows, sizes = _given(spec, owners, n_agents, rng)
    else:
        rows, sizes = _divide(spec, y, n_agents, n_classes, rng)
        rows, sizes = _top_up(rows, sizes, spec.min_rows, rng)
    owner = np.repeat(np.arange(n_agents), sizes)
    counts = np.bincount(owner * n_classes + y[rows], minlength=n_agents * n_classes)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return Partition(offsets, rows, counts.reshape(n_agents, n_classes))


def check_rows(spec: PartitionSpec, n_rows: int, n_agents: int) -> None:
    """Raise DataError, with the remedy, if *n_rows* do not suffice for *n_agents*."""
    needed = n_agents * spec.min_rows
    if n_rows < needed:
        raise DataError(
            f"data.partition: {n_agents} agents with min_rows: {spec.min_rows} need {needed} "
            f"private rows, but there are {n_rows}; use fewer agents, a smaller min_rows, or a "
            f"smaller reference or test set"
        )


def _given(
    spec: PartitionSpec, owners: Ints, n: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return the rows of each of their *owners*, shuffled; nobody gets any of another's."""
    owned = np.flatnonzero(owners >= 0)
    rows, sizes = _deal(owned, owners[owned], np.ones(len(owned), np.int64), n, rng)
    poor = np.flatnonzero(sizes < spec.min_rows)
    if len(poor):
        raise DataError(
            f"data.partition: agent {poor[0]} owns {sizes[poor[0]]} private rows, fewer than"
            f" min_rows: {spec.min_rows}; those for the test and the reference set are taken from"
            " their owners"
        )
    return rows, sizes


@singledispatch
def _divide(
    spec: PartitionSpec, y: Ints, n: int, n_classes: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return all owned rows, agent after agent and shuffled within each, and the agents' sizes."""
    raise DataError(f"no builder for the partition {type(spec).__name__}")


def register(spec: type[PartitionSpec]) -> Any:
    """Return a decorator that makes a function the divider of *spec*.

    It takes the specification, the labels, the number of agents, the number of classes and a random
    generator, and returns the owned rows, agent after agent, and how many each agent has.
    """
    return _divide.register(spec)


@_divide.register(specs.Iid)
@_divide.register(specs.FeatureShift)
def _evenly(
    spec: PartitionSpec, y: Ints, n: int, n_classes: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    return rng.permutation(len(y)), np.diff(np.arange(n + 1) * len(y) // n)


@_divide.register
def _dirichlet(
    spec: specs.Dirichlet, y: Ints, n: int, n_classes: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Divide each class by its own draw; draw again while somebody has too little."""
    per_class = np.bincount(y, minlength=n_classes)
    for _ in range(REDRAWS):
        edges = np.cumsum(_shares(spec.alpha, (n_classes, n), rng), axis=1)
        edges[:, -1] = 1.0
        cuts = np.round(edges * per_class[:, None]).astype(np.int64)
        counts = np.diff(cuts, axis=1, prepend=0)
        poor = int((counts.sum(axis=0) < spec.min_rows).sum())
        # With m poor agents expected, a draw without any has a chance of about exp(-m).
        if not poor or poor > 20:
            break
    order, _ = by_class(y, rng, n_classes)
    return _deal(order, np.tile(np.arange(n), n_classes), counts.ravel(), n, rng)


@_divide.register
def _shards(
    spec: specs.Shards, y: Ints, n: int, n_classes: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Give each agent as many classes as it should have, and each class's rows to its owners."""
    if spec.classes > n_classes:
        raise DataError(
            f"data.partition.shards.classes: {spec.classes}, but the data have only {n_classes}"
        )
    chosen = _class_choices(n, spec.classes, n_classes, rng).ravel()
    slots = np.argsort(chosen, kind="stable")  # grouped by class
    owners = np.repeat(np.arange(n), spec.classes)[slots]
    n_owners = np.bincount(chosen, minlength=n_classes)
    order, start = by_class(y, rng, n_classes)
    place = np.arange(len(slots)) - np.repeat(np.cumsum(n_owners) - n_owners, n_owners)
    width, total = n_owners[chosen[slots]], np.diff(start)[chosen[slots]]
    counts = (place + 1) * total // width - place * total // width
    owned = np.repeat(n_owners > 0, np.diff(start))  # rows of a class without an owner stay out
    return _deal(order[owned], owners, counts, n, rng)


@_divide.register
def _quantity(
    spec: specs.Quantity, y: Ints, n: int, n_classes: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Give everybody the minimum, and divide the rest by a draw."""
    free = len(y) - n * spec.min_rows
    edges = np.cumsum(_shares(spec.alpha, (1, n), rng)[0])
    edges[-1] = 1.0
    cuts: Ints = np.round(edges * free).astype(np.int64)
    extra: Ints = np.diff(cuts, prepend=0)
    return rng.permutation(len(y)), spec.min_rows + extra


def _shares(alpha: float, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return rows drawn from a symmetric Dirichlet, by normalising gamma variates.

    Where a small *alpha* makes a whole row underflow to 0, its limit is taken: all to one.
    """
    draws = rng.standard_gamma(alpha, shape)
    lost = draws.sum(axis=1) == 0
    draws[lost, rng.integers(shape[1], size=int(lost.sum()))] = 1.0
    return np.asarray(draws / draws.sum(axis=1, keepdims=True))


def _class_choices(n: int, k: int, n_classes: int, rng: np.random.Generator) -> Ints:
    """Return *k* different classes for each agent, ``(n, k)``, every class about equally often.

    Agents are taken in blocks just large enough to use up a whole number of rounds of one
    permutation of the classes; within a round, and across its seam, no agent meets a class twice.
    """
    rounds = k // gcd(k, n_classes)
    per_block = n_classes // gcd(k, n_classes)
    blocks = -(-n // per_block)
    orders = np.argsort(rng.random((blocks, n_classes)), axis=1)
    return np.tile(orders, (1, rounds)).reshape(-1, k)[rng.permutation(blocks * per_block)[:n]]


def _deal(
    rows: Ints, owners: Ints, counts: Ints, n: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Hand *rows* out in runs of *counts* to *owners*; collect and shuffle them by agent."""
    owner = np.repeat(owners, counts)
    shuffled = rng.permutation(len(rows))
    order = shuffled[np.argsort(owner[shuffled], kind="stable")]
    return rows[order], np.bincount(owner, minlength=n)


def _top_up(rows: Ints, sizes: Ints, least: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Move rows from the agents with most until everybody has *least*."""
    missing = np.maximum(least - sizes, 0)
    if not missing.any():
        return rows, sizes
    given = _levelled(sizes, int(missing.sum()), least)
    if given is None:
        raise DataError(
            f"data.partition: {int((missing > 0).sum())} agents have fewer than min_rows: {least} "
            f"rows and the others cannot spare enough; use fewer agents or a smaller min_rows"
        )
    n = len(sizes)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    spare = place >= np.repeat(sizes - given, sizes)
    owner = np.repeat(np.arange(n), sizes)
    owner[rng.permutation(np.flatnonzero(spare))] = np.repeat(np.arange(n), missing)
    return rows[np.argsort(owner, kind="stable")], sizes - given + missing


def _levelled(sizes: Ints, wanted: int, least: int) -> Ints | None:
    """Return how many rows each gives so that *wanted* are given, by cutting down the largest."""
    low, high = least, int(sizes.max())  # the level to cut down to: the highest that gives enough
    if int(np.maximum(sizes - low, 0).sum()) < wanted:
        return None
    while low < high:
        middle = (low + high + 1) // 2
        enough = int(np.maximum(sizes - middle, 0).sum()) >= wanted
        low, high = (middle, high) if enough else (low, middle - 1)
    given = np.maximum(sizes - low, 0)
    surplus = int(given.sum()) - wanted
    given[np.flatnonzero(given)[:surplus]] -= 1
    return given
