"""However operations are grouped, the numbers are the same to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import N_AGENTS, FeatureMse, Half, Kl, Memo, make_data, make_learner

from p2pkd.knowledge.codecs import Largest, Signs
from p2pkd.learning.compute.settings import Settings
from p2pkd.scenario.models import CnnSpec, LinearSpec, MlpSpec
from p2pkd.scenario.optimizers import AdamSpec, AdamWSpec, SgdSpec

OPTIMIZERS = [
    SgdSpec(),
    SgdSpec(momentum=0.9, weight_decay=0.01, nesterov=True),
    AdamSpec(),
    AdamWSpec(),
]


def play(program: list[Any], looks: set[int], execution: Settings, **changes: Any) -> list[Any]:
    """Run *program* and return all agents' parameters and the evaluation's numbers."""
    learner = make_learner(settings=execution, **changes)
    versions = [learner.initial(i) for i in range(N_AGENTS)]
    mail: list[list[Memo]] = [[] for _ in versions]
    for turn, (agent, peer, steps, what) in enumerate(program):
        if what == "merge" and versions[agent].pool is versions[peer].pool:
            parts = [(versions[agent], 0.75), (learner.weights(versions[peer]), 0.25)]
            versions[agent] = learner.merge(versions[agent], parts)
        elif what == "send":
            rows = np.random.default_rng(turn).permutation(24)[: 3 + peer]
            mail[peer].append(Memo(learner.predict(versions[agent], rows)))
        elif what == "learn":
            versions[agent] = learner.distill(versions[agent], mail[agent][-3:], steps)
        versions[agent] = learner.train(versions[agent], steps)
        if turn in looks:
            learner.flush()
    result = learner.evaluate(versions)
    parameters = [learner.parameters(version) for version in versions]
    return [*parameters, result.accuracy, result.loss, result.labels, result.mean_probabilities]


AGENT = st.integers(0, N_AGENTS - 1)
WHAT = st.sampled_from(["merge", "send", "learn", "learn"])
PROGRAM = st.lists(st.tuples(AGENT, AGENT, st.integers(0, 3), WHAT), min_size=15, max_size=40)


@settings(max_examples=40, deadline=None)
@given(
    program=PROGRAM,
    looks=st.sets(st.integers(0, 40)),
    chunk=st.integers(1, 9),
    threads=st.integers(1, 2),
    pending=st.integers(3, 60),
    optimizer=st.sampled_from(OPTIMIZERS),
    objective=st.sampled_from([Kl(), Kl(0.3), FeatureMse()]),
    batch=st.sampled_from([None, 4, 5]),
    clip=st.sampled_from([None, 0.5]),
    codec=st.sampled_from([None, Half(), Largest(share=0.2), Signs()]),
)
def test_grouping_changes_no_bit(
    program: list[Any],
    looks: set[int],
    chunk: int,
    threads: int,
    pending: int,
    optimizer: Any,
    objective: Any,
    batch: int | None,
    clip: float | None,
    codec: Any,
) -> None:
    recipe = {
        "specs": (LinearSpec(), MlpSpec(hidden=(8,))),
        "optimizer": optimizer,
        "objective": objective,
        "batch": batch,
        "clip_norm": clip,
        "codec": codec,
    }
    loop = play(program, set(), Settings(executor="loop", threads=1), **recipe)
    execution = Settings(executor="grouped", chunk=chunk, threads=threads, max_pending=pending)
    grouped = play(program, looks, execution, **recipe)
    for one, other in zip(loop, grouped, strict=True):
        assert np.array_equal(one, other)


def test_convolutional_nets_too() -> None:
    program = [(i, (i + 1) % 7, 1, what) for what in ("send", "learn", "merge") for i in range(7)]
    recipe = {"specs": (CnnSpec(channels=(4,), dense=8),), "data": make_data((1, 6, 6))}
    loop = play(program, set(), Settings(executor="loop", threads=1), **recipe)
    grouped = play(program, {9}, Settings(executor="grouped", threads=2), **recipe)
    for one, other in zip(loop, grouped, strict=True):
        assert np.array_equal(one, other)


def test_the_rule_is_on_the_architecture() -> None:
    specs = (MlpSpec(hidden=(8,)), CnnSpec(channels=(4,), dense=8))
    learner = make_learner(specs, data=make_data((1, 6, 6)))
    described = learner.describe()["architectures"]
    assert [kind["executor"] for kind in described.values()] == ["grouped", "loop"]
    assert learner.describe()["threads"] == 1


@pytest.mark.parametrize("executor", ["loop", "grouped"])
def test_the_rule_can_be_overridden(executor: Any) -> None:
    learner = make_learner(settings=Settings(executor=executor, threads=1))
    (described,) = learner.describe()["architectures"].values()
    assert described["executor"] == executor
