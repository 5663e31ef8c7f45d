"""Learned weights live in versions: however operations are grouped, they are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import N_AGENTS, Kl, Memo, make_learner

from p2pkd.knowledge.teachers import Learned
from p2pkd.learning.compute.settings import Settings
from p2pkd.scenario.models import LinearSpec, MlpSpec
from p2pkd.scenario.optimizers import AdamSpec, SgdSpec


def play(program: list[Any], looks: set[int], execution: Settings, **changes: Any) -> list[Any]:
    rule = Learned(pull=0.1, steps=2)
    recipe = {"specs": (LinearSpec(), MlpSpec(hidden=(8,))), "weighting": rule, "judges": (rule,)}
    learner = make_learner(settings=execution, **recipe, **changes)
    versions = [learner.initial(i) for i in range(N_AGENTS)]
    mail: list[list[Memo]] = [[] for _ in versions]
    for turn, (agent, peer, steps) in enumerate(program):
        rows = np.random.default_rng(turn).permutation(24)[: 3 + peer]
        mail[peer].append(Memo(learner.predict(versions[agent], rows), agent))
        versions[agent] = learner.distill(versions[agent], mail[agent][-3:], steps)
        versions[agent] = learner.train(versions[agent], steps)
        if turn in looks:
            learner.flush()
    learner.flush()
    return [version.pool.data[version.row].numpy() for version in versions]


AGENT = st.integers(0, N_AGENTS - 1)


@settings(max_examples=25, deadline=None)
@given(
    program=st.lists(st.tuples(AGENT, AGENT, st.integers(0, 2)), min_size=15, max_size=30),
    looks=st.sets(st.integers(0, 30)),
    chunk=st.integers(1, 9),
    threads=st.integers(1, 2),
    optimizer=st.sampled_from([SgdSpec(), AdamSpec()]),
    objective=st.sampled_from([Kl(), Kl(0.3)]),
    batch=st.sampled_from([None, 4]),
)
def test_grouping_changes_no_bit(
    program: list[Any],
    looks: set[int],
    chunk: int,
    threads: int,
    optimizer: Any,
    objective: Any,
    batch: int | None,
) -> None:
    recipe = {"optimizer": optimizer, "objective": objective, "batch": batch}
    loop = play(program, set(), Settings(executor="loop", threads=1), **recipe)
    execution = Settings(executor="grouped", chunk=chunk, threads=threads)
    for one, other in zip(loop, play(program, looks, execution, **recipe), strict=True):
        assert np.array_equal(one, other)
