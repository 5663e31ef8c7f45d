"""Two models in a row: their step, what of them travels, and that grouping changes no bit."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional
from toys import N_AGENTS, Half, make_data, make_learner

from p2pkd.distillation.proxy import Proxy
from p2pkd.knowledge.payloads import Weights
from p2pkd.learning.compute.settings import Settings
from p2pkd.learning.models.build import build_architecture
from p2pkd.scenario.models import CnnSpec, DuoSpec, LinearSpec, MlpSpec
from p2pkd.scenario.optimizers import AdamSpec, SgdSpec
from p2pkd.scenario.scenario import Fresh

PROXY = MlpSpec(hidden=(4,))
SPECS = (
    DuoSpec(private=MlpSpec(hidden=(8,)), proxy=PROXY),
    DuoSpec(private=LinearSpec(), proxy=PROXY),
)
SENT = 6 * 4 + 4 + 4 * 5 + 5


def duo_learner(**changes: Any) -> Any:
    recipe = {
        "specs": SPECS,
        "objective": Proxy(weight=0.7, proxy_weight=0.4),
        "knowledge": Weights(part="proxy"),
        "about_rows": False,
        "proxied": True,
        "optimizer": AdamSpec(weight_decay=0.01),
    }
    return make_learner(**{**recipe, **changes})


def plain(*widths: int) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def loaded(model: torch.nn.Sequential, flat: np.ndarray) -> torch.nn.Sequential:
    torch.nn.utils.vector_to_parameters(torch.from_numpy(flat).clone(), model.parameters())
    return model


@pytest.mark.parametrize("batch", [4, None])
@pytest.mark.parametrize(("agent", "widths"), [(2, (6, 8, 5)), (3, (6, 5))])
def test_a_step_is_that_of_two_plain_models(
    agent: int, widths: tuple[int, ...], batch: int | None
) -> None:
    data = make_data()
    learner = duo_learner(data=data, batch=batch)
    start = learner.initial(agent)
    flat = learner.parameters(start)
    proxy, private = loaded(plain(6, 4, 5), flat[:SENT]), loaded(plain(*widths), flat[SENT:])
    trained = learner.parameters(learner.train(start, 3))

    offsets = data.partition.offsets
    own = data.partition.rows[offsets[agent] : offsets[agent + 1]]
    batches = [own] * 3
    if batch:
        places = learner.tables.private.sample(np.array([agent]), np.array([0]), 12)[0]
        batches = own[places - offsets[agent]].reshape(3, 4)
    optimizers = [
        torch.optim.Adam(m.parameters(), 0.1, weight_decay=0.01) for m in (proxy, private)
    ]
    for rows in batches:
        x, y = torch.from_numpy(data.private_x[rows]), torch.from_numpy(data.private_y[rows])
        said = [model(x) for model in (proxy, private)]
        for z, other, a, optimizer in zip(said, said[::-1], (0.4, 0.7), optimizers, strict=True):
            target = other.detach().softmax(-1)
            kl = functional.kl_div(z.log_softmax(-1), target, reduction="batchmean")
            optimizer.zero_grad()
            (a * functional.cross_entropy(z, y) + (1 - a) * kl).backward()
        for optimizer in optimizers:
            optimizer.step()
    expected = [torch.nn.utils.parameters_to_vector(m.parameters()) for m in (proxy, private)]
    np.testing.assert_allclose(trained, torch.cat(expected).detach(), rtol=2e-4, atol=2e-6)


def test_only_proxies_are_merged_whatever_is_behind_them() -> None:
    learner = duo_learner()
    one, two = learner.train(learner.initial(0), 2), learner.train(learner.initial(1), 2)
    assert one.pool is not two.pool
    merged = learner.merge(one, [(one, 0.25), (learner.weights(two), 0.75)])
    a, b, c = (learner.parameters(version) for version in (one, two, merged))
    np.testing.assert_allclose(c[:SENT], 0.25 * a[:SENT] + 0.75 * b[:SENT], rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(c[SENT:], a[SENT:])
    assert learner.tables.proxies.width == SENT


def test_the_private_model_predicts() -> None:
    data = make_data()
    learner = duo_learner(data=data)
    version = learner.initial(0)
    x = torch.from_numpy(data.test_x)
    private = loaded(plain(6, 8, 5), learner.parameters(version)[SENT:])
    np.testing.assert_array_equal(
        learner.evaluate([version]).labels[0], private(x).argmax(-1).numpy()
    )


def test_proxies_start_alike_behind_unlike_models() -> None:
    learner = duo_learner(start=Fresh(alike=True))
    one, two = (learner.parameters(learner.initial(i)) for i in range(2))
    assert len(one) != len(two)
    np.testing.assert_array_equal(one[:SENT], two[:SENT])


def test_the_papers_proxy_has_199210_parameters() -> None:
    mlp = MlpSpec(hidden=(200, 200))
    spec = DuoSpec(private=CnnSpec(), proxy=mlp)
    duo = build_architecture(spec, (1, 28, 28), 10)
    assert duo.n_sent == mlp.count_parameters((1, 28, 28), 10) == 199_210
    assert duo.n_parameters == spec.count_parameters((1, 28, 28), 10)
    assert not duo.grouped
    assert build_architecture(DuoSpec(private=mlp, proxy=mlp), (1, 28, 28), 10).grouped


AGENT = st.integers(0, N_AGENTS - 1)
PROGRAM = st.lists(st.tuples(AGENT, AGENT, st.integers(0, 3)), min_size=10, max_size=30)


def play(program: list[Any], looks: set[int], execution: Settings, **changes: Any) -> list[Any]:
    learner = duo_learner(settings=execution, **changes)
    versions = [learner.initial(i) for i in range(N_AGENTS)]
    mail: list[list[Any]] = [[] for _ in versions]
    for turn, (agent, peer, steps) in enumerate(program):
        mail[peer].append(learner.weights(versions[agent]))
        if heard := mail[agent][-2:]:
            parts = [(version, 0.5 / len(heard)) for version in heard]
            versions[agent] = learner.merge(versions[agent], [(versions[agent], 0.5), *parts])
        versions[agent] = learner.train(versions[agent], steps)
        if turn in looks:
            learner.flush()
    result = learner.evaluate(versions)
    return [*(learner.parameters(v) for v in versions), result.accuracy, result.loss]


@settings(max_examples=30, deadline=None)
@given(
    program=PROGRAM,
    looks=st.sets(st.integers(0, 30)),
    chunk=st.integers(1, 9),
    threads=st.integers(1, 2),
    pending=st.integers(3, 60),
    optimizer=st.sampled_from([SgdSpec(), SgdSpec(momentum=0.9), AdamSpec()]),
    batch=st.sampled_from([None, 4, 5]),
    codec=st.sampled_from([None, Half()]),
)
def test_grouping_changes_no_bit(
    program: list[Any],
    looks: set[int],
    chunk: int,
    threads: int,
    pending: int,
    optimizer: Any,
    batch: int | None,
    codec: Any,
) -> None:
    recipe = {"optimizer": optimizer, "batch": batch, "codec": codec}
    loop = play(program, set(), Settings(executor="loop", threads=1), **recipe)
    execution = Settings(executor="grouped", chunk=chunk, threads=threads, max_pending=pending)
    for one, other in zip(loop, play(program, looks, execution, **recipe), strict=True):
        assert np.array_equal(one, other)
