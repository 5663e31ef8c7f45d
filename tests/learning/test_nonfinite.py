"""Nobody learns from what is not finite, however it is computed; and it is counted."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from toys import Half, Memo, make_learner

from p2pkd.learning.compute.kernels import Kernels
from p2pkd.learning.compute.settings import Settings

ROWS = np.arange(10)
LOST = 1


@pytest.fixture
def lost(monkeypatch):
    """Let agent `LOST` begin with parameters that are not finite."""
    fresh = Kernels._initial

    def poisoned(self, products, *others):
        table = fresh(self, products, *others)
        for i, product in enumerate(products):
            if product.agent == LOST:
                table[i, :3] = torch.inf
        return table

    monkeypatch.setattr(Kernels, "_initial", poisoned)


def memo(learner, version):
    return Memo(learner.predict(version, ROWS), version.agent)


@pytest.mark.parametrize("recipe", [{}, {"codec": Half()}, {"batch": None}])
def test_its_sender_is_absent_from_a_lesson(lost, recipe):
    learner = make_learner(**recipe)
    versions = [learner.initial(i) for i in range(7)]
    heard = [memo(learner, versions[i]) for i in (0, LOST, 2)]
    after = learner.distill(versions[3], heard, 4)
    without = learner.distill(versions[3], [heard[0], heard[2]], 4)
    assert np.array_equal(learner.parameters(after), learner.parameters(without))
    assert learner.discarded([after, without, versions[3]]) == [1, 0, 0]


def test_without_any_other_teacher_nothing_is_done(lost):
    learner = make_learner()
    mine, theirs = learner.initial(0), learner.initial(LOST)
    after = learner.distill(mine, [memo(learner, theirs)], 4)
    assert np.array_equal(learner.parameters(after), learner.parameters(mine))


def test_or_one_trains_where_steps_are_joint(lost):
    from toys import Kl

    learner = make_learner(objective=Kl(private_share=0.5))
    mine, theirs = learner.initial(0), learner.initial(LOST)
    after = learner.distill(mine, [memo(learner, theirs)], 4)
    assert np.array_equal(learner.parameters(after), learner.parameters(learner.train(mine, 4)))


def test_the_keeper_stands_in_for_it_in_a_sum(lost):
    learner = make_learner(about_rows=False)
    one, two, theirs = learner.initial(0), learner.initial(2), learner.initial(LOST)
    mixed = learner.merge(one, [(one, 0.25), (theirs, 0.5), (two, 0.25)])
    expected = 0.75 * learner.parameters(one) + 0.25 * learner.parameters(two)
    assert np.allclose(learner.parameters(mixed), expected, atol=1e-6)
    other = learner.merge(one, [(one, 0.25), (theirs, 0.5), (two, 0.25)], 2)
    expected = 0.25 * learner.parameters(one) + 0.75 * learner.parameters(two)
    assert np.allclose(learner.parameters(other), expected, atol=1e-6)
    taken = learner.merge(one, [(theirs, 1.0)])
    assert np.array_equal(learner.parameters(taken), learner.parameters(one))
    assert learner.discarded([mixed, other, taken]) == [1, 1, 1]


def test_ones_own_numbers_are_never_left_out(lost):
    learner = make_learner(about_rows=False)
    theirs = learner.initial(LOST)
    mixed = learner.merge(theirs, [(theirs, 0.5), (learner.initial(0), 0.5)])
    assert not np.isfinite(learner.parameters(mixed)).all()
    assert learner.discarded([mixed]) == [0]


def test_a_message_that_is_remembered_counts_once(lost):
    learner = make_learner()
    mine = learner.initial(0)
    heard = memo(learner, learner.initial(LOST))
    for _ in range(3):
        mine = learner.train(learner.distill(mine, [heard], 1), 1)
        learner.flush()
    mine = learner.distill(mine, [memo(learner, learner.initial(LOST))], 1)
    assert learner.discarded([mine]) == [2]


@pytest.mark.parametrize("executor", ["loop", "grouped"])
def test_whoever_shares_the_group(lost, executor):
    """Some of a group are told by the lost one alone, some by others too, some by others alone."""

    def use(settings):
        learner = make_learner(settings=settings)
        versions = [learner.initial(i) for i in range(7)]
        for turn in range(4):
            said = [memo(learner, version) for version in versions]
            for i in range(7):
                heard = [said[(i + k) % 7] for k in range(1, 2 + (i + turn) % 3)]
                versions[i] = learner.train(learner.distill(versions[i], heard, 2), 1)
            versions[turn] = learner.merge(versions[turn], [(v, 1 / 7) for v in versions])
        return [learner.parameters(v) for v in versions], learner.discarded(versions)

    parameters, counts = use(Settings(threads=1, executor=executor))
    others, same = use(Settings(threads=1, executor="grouped", chunk=3))
    assert counts == same
    assert sum(counts) > 0
    assert all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(parameters, others, strict=True)
    )
    assert [np.isfinite(p).all() for p in parameters] == [i != LOST for i in range(7)]


def test_a_row_that_is_used_again_is_judged_again(lost):
    learner = make_learner()
    theirs = learner.initial(LOST)
    learner.flush()
    pool = theirs.pool
    assert list(pool.nonfinite) == [theirs.row]
    del theirs
    assert np.isfinite(learner.parameters(learner.initial(0))).all()
    assert not pool.nonfinite


def test_what_a_codec_would_make_presentable(lost):
    """Clipped, ranked and counted numbers look healthy; the message does not."""
    from p2pkd.knowledge.codecs import Float16, Largest
    from p2pkd.knowledge.payloads import HardLabels

    for codec in (Float16(), Largest(share=0.5)):
        learner = make_learner(about_rows=False, codec=codec)
        assert np.isnan(learner.parameters(learner.weights(learner.initial(LOST)))).all()
    learner = make_learner(knowledge=HardLabels())
    assert np.isnan(learner.resolve(learner.predict(learner.initial(LOST), ROWS))).all()


def test_an_evaluation_says_who_diverged(lost):
    learner = make_learner()
    seen = learner.evaluate([learner.initial(i) for i in range(3)])
    assert seen.diverged.tolist() == [False, True, False]
    assert np.isnan(seen.accuracy).tolist() == [False, True, False]
    assert np.isnan(seen.loss).tolist() == [False, True, False]
    assert np.isnan([seen.disagreement, seen.ensemble_accuracy]).all()
    assert not seen.dead.any()


def test_and_who_gives_all_rows_the_same_logits(monkeypatch):
    learner = make_learner()
    mine = learner.initial(0)
    learner.flush()
    mine.pool.data[mine.row, : 6 * 8 + 8] = -1e3  # no hidden unit passes anything on
    mine.pool.data[mine.row, : 6 * 8] = 0
    seen = learner.evaluate([mine, learner.initial(2)])
    assert seen.dead.tolist() == [True, False]
    assert np.isfinite(seen.accuracy).all()
