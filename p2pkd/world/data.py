"""The data of a run: private, reference and test rows, and who owns the private ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import DataError, about
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import DataSpec, FeatureShift, ReferenceSpec, StreamSpec
from p2pkd.world.datasets import load
from p2pkd.world.owners import owners_of
from p2pkd.world.partition import Partition, build_partition, check_rows
from p2pkd.world.raw import Raw
from p2pkd.world.reference import draw_rows, other_rows
from p2pkd.world.shift import shifted
from p2pkd.world.stratify import stratified
from p2pkd.world.tasks import Tasks, build_tasks
from p2pkd.world.views import Views, build_views, seen


@dataclass(frozen=True, eq=False)
class Data:
    """All rows, flattened, as ``(n, n_features)`` float32; labels ``(n,)`` int64.

    Attributes
    ----------
    input_shape : ``(channels, height, width)`` for images, else ``(n_features,)``.
    reference_x : the public rows on which predictions are exchanged.
    reference_y : their labels, which no method may read: for joint pre-training, as if they had
        been public, and for analysis; -1 where they come from another data set.
    partition : who owns which row of `private_x`.
    known : which reference rows each agent has, ascending; None where all have all.
    stream : how private rows come one after the other; None where all are there from the start.
    views : reference and test rows as agents see them; None where all see them as they are.
    tasks : the agents' labellings, which `private_y` follows; None where all have the data's own.
    """

    name: str
    input_shape: tuple[int, ...]
    n_classes: int
    class_names: tuple[str, ...] | None
    private_x: NDArray[np.float32]
    private_y: NDArray[np.int64]
    reference_x: NDArray[np.float32]
    reference_y: NDArray[np.int64]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int64]
    partition: Partition
    known: tuple[NDArray[np.int64], ...] | None = None
    stream: StreamSpec | None = None
    views: Views | None = None
    tasks: Tasks | None = None

    def __post_init__(self) -> None:
        part = self.partition
        arrays = (self.private_x, self.private_y, self.reference_x, self.reference_y, self.test_x)
        for array in (*arrays, self.test_y, part.offsets, part.rows, part.label_counts):
            array.setflags(write=False)

    @property
    def n_features(self) -> int:
        """Width of a row."""
        return int(self.private_x.shape[1])

    @property
    def untested(self) -> tuple[int, ...]:
        """The classes that some agents have among their rows and none among their test rows."""
        tasks, counts = self.tasks, self.partition.label_counts
        labels = self.test_y[None] if tasks is None else tasks.test_y
        of = np.zeros(len(counts), np.int64) if tasks is None else tasks.of
        tested = np.stack([np.isin(np.arange(self.n_classes), y) for y in labels])
        return tuple(np.flatnonzero(((counts > 0) & ~tested[of]).any(axis=0)).tolist())


def read_rows(spec: DataSpec, n_agents: int, streams: Streams, base: Path) -> Raw:
    """Load all rows of *spec*'s data set; files are looked for from *base*.

    Raise DataError if a file is missing or wrong, or *n_agents* can never have private rows each:
    better before anything is built for so many.
    """
    with about("data.dataset"):
        raw = load(spec.dataset, streams, base)
    check_rows(spec.partition, len(raw.y), n_agents)
    if not (raw.y != raw.y[0]).any():
        only = raw.class_names[raw.y[0]] if raw.class_names else raw.y[0]
        raise DataError(
            f"data.dataset: all {len(raw.y)} rows of {raw.name!r} are of class {only}; what is one"
            " class cannot be learned"
        )
    return raw


def build_data(
    spec: DataSpec,
    n_agents: int,
    streams: Streams,
    base: Path,
    idle: Sequence[int] = (),
    raw: Raw | None = None,
) -> Data:
    """Split and divide the data set of *spec*, whose rows are *raw*; default: load them.

    All rows go to agents that are not *idle*.

    Raise DataError if a file is missing or wrong, or the rows do not suffice.
    """
    # Step 1: read all rows.
    raw = raw or read_rows(spec, n_agents - len(idle), streams, base)

    # Step 2: split by label, test rows first so that they do not depend on the reference set.
    rest, test = _test_rows(raw, spec.test, streams)
    private, reference = _reference_rows(raw, rest, spec.reference, streams)

    # Step 3: scale with what is not for testing.
    x, test_x = raw.x, raw.x[test] if raw.test_x is None else raw.test_x
    if raw.standardise:
        mean, deviation = x[rest].mean(axis=0), x[rest].std(axis=0)
        deviation[deviation == 0] = 1
        x, test_x = (x - mean) / deviation, (test_x - mean) / deviation

    reference_x, reference_y = x[reference], raw.y[reference]
    if spec.reference.dataset is not None:
        with about("data.reference.dataset", instead_of="data.dataset"):
            reference_x, reference_y = other_rows(spec.reference, raw, streams, base)

    # Step 4: divide the private rows.
    private_x, private_y = x[private], raw.y[private]
    rng = streams.generator("partition")
    busy = n_agents - len(idle)
    with about("data.partition"):
        owners = owners_of(spec.partition, raw, busy, base)
    mine = None if owners is None else owners[private]
    partition = build_partition(spec.partition, private_y, busy, raw.n_classes, rng, mine)
    partition = partition.beside(idle)
    if isinstance(spec.partition, FeatureShift):
        private_x = shifted(spec.partition, private_x, raw.input_shape, partition, streams)
    data = Data(
        name=raw.name,
        input_shape=raw.input_shape,
        n_classes=raw.n_classes,
        class_names=raw.class_names,
        private_x=private_x,
        private_y=private_y,
        reference_x=reference_x,
        reference_y=reference_y,
        test_x=test_x,
        test_y=raw.y[test] if raw.test_y is None else raw.test_y,
        partition=partition,
        known=_known_rows(spec.reference, n_agents, streams),
        stream=spec.stream,
    )

    # Step 5: what agents see, and have to tell, in their own way.
    return _with_tasks(_with_views(data, spec, streams), spec, streams)


def _with_views(data: Data, spec: DataSpec, streams: Streams) -> Data:
    """Return *data* as agents see it."""
    if spec.views is None:
        return data
    n, rows = len(data.partition.sizes), (data.reference_x, data.test_x)
    views, looks = build_views(spec.views, data.input_shape, n, *rows, streams)
    private_x = seen(data.private_x, data.partition, views, looks)
    return replace(data, private_x=private_x, views=views)


def _with_tasks(data: Data, spec: DataSpec, streams: Streams) -> Data:
    """Return *data* with labels, and rows, of the agents' tasks."""
    if not spec.tasks:
        return data
    tasks, private_y, partition = build_tasks(
        spec.tasks, data.n_classes, data.test_y, data.private_y, data.partition, streams
    )
    return replace(
        data,
        n_classes=tasks.n_classes,
        class_names=None,
        private_y=private_y,
        partition=partition,
        tasks=tasks,
    )


Rows = NDArray[np.int64]


def _known_rows(
    spec: ReferenceSpec, n_agents: int, streams: Streams
) -> tuple[NDArray[np.int64], ...] | None:
    """Return the reference rows that each agent has."""
    if spec.known == 1 or not spec.rows:
        return None
    n = max(1, round(spec.known * spec.rows))
    draws = (streams.generator("reference known", i) for i in range(n_agents))
    return tuple(np.sort(rng.choice(spec.rows, n, replace=False)) for rng in draws)


def _test_rows(raw: Raw, share: float, streams: Streams) -> tuple[Rows, Rows]:
    """Return the places of the rows that are not for testing, and of those that are."""
    if raw.test_y is not None:
        return np.arange(len(raw.y)), np.empty(0, np.int64)
    n_test = round(share * len(raw.y))
    if not 0 < n_test < len(raw.y):
        raise DataError(
            f"data.test: {share:.0%} of {len(raw.y)} rows leaves {n_test} for testing and "
            f"{len(raw.y) - n_test} for learning; both need some"
        )
    test = stratified(raw.y, n_test, streams.generator("test split"))
    return np.setdiff1d(np.arange(len(raw.y)), test), test


def _reference_rows(
    raw: Raw, rest: Rows, spec: ReferenceSpec, streams: Streams
) -> tuple[Rows, Rows]:
    """Return the places of private and reference rows among *rest*; each is of one kind."""
    n = 0 if spec.dataset is not None else spec.rows
    if n >= len(rest):
        raise DataError(
            f"data.reference.rows: {n}, but {raw.name!r} has only {len(rest)} rows beside its test "
            f"set; take fewer (private rows are what remains), or a larger data set"
        )
    if not n:
        return rest, rest[:0]
    taken = draw_rows(spec, raw.y[rest], raw.n_classes, raw.name, streams)
    return np.delete(rest, taken), rest[taken]
