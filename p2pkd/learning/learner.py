"""The learner that puts off: operations are recorded now, computed later and many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.rng import Streams
from p2pkd.learning.api import Evaluation, Excerpted, Lesson, Rows
from p2pkd.learning.compute.executor import Executor
from p2pkd.learning.compute.kernels import Kernels
from p2pkd.learning.compute.settings import Settings
from p2pkd.learning.evaluation import evaluate
from p2pkd.learning.models.architecture import Architecture
from p2pkd.learning.models.build import build_architecture
from p2pkd.learning.pretrain import pretrain
from p2pkd.learning.recipe import Recipe
from p2pkd.learning.state.operations import Distill, Encode, Initial, Mean, Merge, Predict, Train
from p2pkd.learning.state.pools import Pool
from p2pkd.learning.state.tables import Tables
from p2pkd.learning.state.versions import (
    Part,
    Payload,
    Version,
)
from p2pkd.scenario.models import ModelSpec
from p2pkd.scenario.scenario import Fresh, Pretrained, StartSpec
from p2pkd.world.data import Data

_Product = TypeVar("_Product", Version, Payload)


class DeferredLearner:
    """Records operations and computes them in groups when somebody looks, or enough are pending.

    Parameters
    ----------
    data : private, reference and test rows.
    specs, model_of : the architectures, and the index of each agent's.
    recipe : the optimiser, and how messages are made and used.
    settings : how to compute; changes no result.
    start : what models know before the run.
    """

    def __init__(
        self,
        data: Data,
        specs: Sequence[ModelSpec],
        model_of: NDArray[np.int64],
        recipe: Recipe,
        streams: Streams,
        settings: Settings | None = None,
        start: StartSpec | None = None,
    ) -> None:
        self.recipe = recipe
        self.settings = settings or Settings()
        self.architectures = [
            build_architecture(s, data.input_shape, data.n_classes) for s in specs
        ]
        device = self.settings.torch_device
        self.tables = Tables(data, self.architectures, recipe, streams, device)
        self.kernels = Kernels(self.tables)
        self.executor = Executor(self.settings, self.kernels)
        self.pool_of = [self.tables.pools[i] for i in model_of.tolist()]
        self.batch = recipe.batch or 0
        self.public_batch = recipe.objective.public_batch or self.batch
        self.is_joint = recipe.objective.joint is not None
        self.known = data.known if recipe.knowledge.about_reference else None
        self.told = [0] * len(self.pool_of)
        self.pending: list[ref[Any]] = []
        self.max_pending = self.settings.max_pending or max(2**15, 4 * len(self.pool_of))
        self._begin(start or Fresh(), streams)

    def _begin(self, start: StartSpec, streams: Streams) -> None:
        rows: list[NDArray[np.float32]] = []
        if isinstance(start, Pretrained) or (isinstance(start, Fresh) and start.alike):
            rows = [
                architecture.initial(streams.generator("model", 0, i))
                for i, architecture in enumerate(self.architectures)
            ]
        if self.recipe.proxied and rows:
            # Proxies are of one architecture, whatever is behind them.
            first = rows[0][: self.architectures[0].n_sent]
            for row in rows[1:]:
                row[: len(first)] = first
        if isinstance(start, Pretrained):
            rows = [
                pretrain(architecture, row, self.tables, start.steps, i)
                for i, (architecture, row) in enumerate(zip(self.architectures, rows, strict=True))
            ]
        self.kernels.begin_with(rows)

    # -- recording -------------------------------------------------------------------------------

    def initial(self, agent: int) -> Version:
        """Return the version with which *agent* begins."""
        return self._record(Version(agent, self.pool_of[agent], Initial(), level=1))

    def train(self, version: Version, steps: int) -> Version:
        """Return *version* after *steps* cross-entropy steps on its agent's private rows."""
        if steps == 0:
            return version
        # Sample numbers go on where this version's own history of draws ended.
        operation = Train(steps, version.samples)
        samples = steps * self.batch
        return self._record(version.after(operation, version.level, steps=steps, samples=samples))

    def distill(
        self, version: Version, lessons: Sequence[Lesson], steps: int, now_s: float = 0.0
    ) -> Version:
        """Return *version* after *steps* steps towards the targets that *lessons* make.

        *now_s* is from when the ages of the lessons count.
        """
        if steps == 0 or not lessons:
            return version
        kept = [lesson.contents for lesson in lessons]
        if self.recipe.partial:
            kept = [Part(part.contents, part.at) for part in cast(Sequence[Excerpted], lessons)]
        if self.known is not None:
            lessons, kept = self._understood(version.agent, lessons, kept)
            if not kept:
                return version
        notes = None
        if self.recipe.judges:
            notes = [(lesson.sender, now_s - lesson.made_s) for lesson in lessons]
        n = steps * self.public_batch
        product = version.after(
            Distill(steps, kept, version.samples, version.drawn, notes),
            max(version.level, *[payload.level for payload in kept]),
            steps=steps,
            samples=n if self.is_joint else 0,
            drawn=n,
        )
        return self._record(product)

    def _understood(
        self, agent: int, lessons: Sequence[Lesson], kept: list[Any]
    ) -> tuple[list[Any], list[Any]]:
        """Return *lessons*, and of *kept* the parts about rows that *agent* has."""
        assert self.known is not None
        heard, parts = [], []
        for lesson, contents in zip(lessons, kept, strict=True):
            at = np.flatnonzero(np.isin(contents.rows, self.known[agent]))
            if len(at):
                heard.append(lesson)
                payload, at = (
                    (contents.payload, contents.at[at])
                    if isinstance(contents, Part)
                    else (contents, at)
                )
                parts.append(Part(payload, at))
        return heard, parts

    def merge(
        self, version: Version, parts: Sequence[tuple[Version, float]], keeper: int = -1
    ) -> Version:
        """Return *version* with the weighted sum of *parts* as parameters.

        The optimiser's state and the counters remain *version*'s.  Parts must be of one
        architecture.  Where proxies are sent, theirs are merged and the private part stays.
        Part number *keeper*, or *version* itself, stands in for parts of other agents that are not
        finite (see `p2pkd.learning.state.screen`).
        """
        home = version.pool
        if self.tables.proxies is not None:
            home = self.tables.proxies
            parts = [(self._proxy(part, exact=True), share) for part, share in parts]
        kept = version if keeper < 0 else parts[keeper][0]
        if kept.pool is not home:
            kept = self._proxy(kept, exact=True)
        level = max(version.level, kept.level)
        for part, _ in parts:
            if part.pool is not home:
                raise ValueError("merge: parts must have the architecture of the version")
            if part.level > level:
                level = part.level
        return self._record(version.after(Merge(tuple(parts), kept), level))

    def predict(self, version: Version, rows: Rows, *, exact: bool = False) -> Payload:
        """Return the payload of *version*'s predictions on the reference rows *rows*.

        Unless *exact*, they are as receivers decode them.
        """
        number = 0
        if self.recipe.privacy is not None:
            number = self.told[version.agent]
            self.told[version.agent] += 1
        pool = self.tables.payload_pool(len(rows))
        return self._record(Payload(version, pool, Predict(rows, exact, number)))

    def mean(self, version: Version, lessons: Sequence[Lesson], now_s: float = 0.0) -> Payload:
        """Return the payload of what *lessons* say together, as *version*'s agent combines them.

        It is about the rows of any of them, ascending, and in single precision.
        """
        kept = [lesson.contents for lesson in lessons]
        rows = np.unique(np.concatenate([payload.rows for payload in kept]))
        notes = [(lesson.sender, now_s - lesson.made_s) for lesson in lessons]
        pool = self.tables.payload_pool(len(rows))
        level = max(payload.level for payload in kept)
        return self._record(Payload(version, pool, Mean(rows, kept, notes), level))

    def weights(self, version: Version) -> Version:
        """Return the payload of *version*'s parameters: itself, if transmission loses nothing."""
        codec = self.recipe.codec
        exact = codec is None or codec.lossless
        if self.tables.proxies is not None:
            return self._proxy(version, exact=exact)
        return version if exact else self._encoded(version, version.pool, exact=False)

    def _proxy(self, version: Version, *, exact: bool) -> Version:
        """Return the proxy of *version*, which may be one already."""
        proxies = self.tables.proxies
        assert proxies is not None
        return version if version.pool is proxies else self._encoded(version, proxies, exact=exact)

    def _encoded(self, version: Version, pool: Pool, *, exact: bool) -> Version:
        """Return what receivers have of *version*, in *pool*: encoded, unless *exact*."""
        return self._record(version.after(Encode(exact), version.level, pool=pool))

    def _record(self, product: _Product) -> _Product:
        pending = self.pending
        pending.append(ref(product))
        if len(pending) >= self.max_pending:
            self.flush()
        return product

    # -- looking ---------------------------------------------------------------------------------

    def flush(self) -> None:
        """Compute everything that is pending and that somebody still holds."""
        pending, self.pending = self.pending, []
        try:
            self.executor.run(pending)
        except BaseException:
            # Ctrl-C, above all: what has not been computed is still to be, for the last look.
            self.pending[:0] = pending
            raise

    def parameters(self, version: Version) -> NDArray[np.float32]:
        """Look at *version*'s parameters, ``(P,)``."""
        self.flush()
        n = self.architecture(version).n_parameters
        return np.array(version.pool.data[version.row, :n].cpu())

    def resolve(self, payload: Payload) -> NDArray[np.float32]:
        """Look at a payload of predictions, ``(R, W)``."""
        self.flush()
        values = payload.pool.data[payload.row].view(-1, self.tables.width)
        return np.array(values[: len(payload.rows)].cpu())

    def evaluate(
        self,
        versions: Sequence[Version],
        servers: Sequence[Version] = (),
        averaged: Sequence[Version] = (),
    ) -> Evaluation:
        """Look at *versions*, *servers*' and the mean of *averaged* on the test set."""
        self.flush()
        return evaluate(self.tables, self.executor, versions, servers, averaged or versions)

    def discarded(self, versions: Sequence[Version]) -> list[int]:
        """Look at how many messages each of *versions* was told, and did not learn from.

        Those that are not finite; one that is remembered for long counts once.
        """
        self.flush()
        own = self.recipe.objective.teacher == "self"
        return [0 if own else len(version.discarded) for version in versions]

    def architecture(self, version: Version) -> Architecture:
        """Return the architecture of *version*."""
        return self.architectures[self.tables.pools.index(version.pool)]

    def describe(self) -> dict[str, Any]:
        """Return how numbers are computed, for the manifest."""
        return {
            **self.executor.describe(),
            "max_pending": self.max_pending,
            # By what bytes, peers, and so times, depend on the numbers that are learned.
            "timeline_looks_at_learning": list(self.recipe.looks),
        }

    def hurry(self) -> None:
        """Do nothing: this process waits for no other."""

    def close(self) -> None:
        """Leave PyTorch as it was; what this has, it has in memory."""
        self.executor.close()

    def pools(self) -> list[Pool]:
        """Return the tables of parameters and of payloads."""
        proxies = [] if self.tables.proxies is None else [self.tables.proxies]
        return [*self.tables.pools, *proxies, *self.tables.payload_pools.values()]
