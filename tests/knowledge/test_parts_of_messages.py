"""Parts of messages, ages, filters and noise, as the learner uses them."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from parts import DIGITS, make_simulation


class Memo(NamedTuple):
    contents: Any
    sender: int = 1
    made_s: float = 0.0
    at: Any = None


def make_learner(data=DIGITS, **method):
    return make_simulation(data, **method).shared.learner


def taught(learner, *memos, now_s=0.0):
    return learner.parameters(learner.distill(learner.initial(0), memos, 3, now_s))


ROWS = np.arange(32)


def test_part_of_a_message_teaches_what_a_message_of_that_part_does():
    learner = make_learner(memory={"keep": "latest_per_row"})
    at = np.array([3, 4, 17, 30])
    whole = learner.predict(learner.initial(1), ROWS)
    short = learner.predict(learner.initial(1), ROWS[at])
    part = taught(learner, Memo(whole, at=at))
    # The teacher's rows go forward in another number at a time: the last digit may differ.
    np.testing.assert_allclose(part, taught(learner, Memo(short, at=np.arange(4))), atol=1e-6)
    assert np.abs(part - taught(learner, Memo(whole, at=ROWS))).max() > 1e-4


def test_two_parts_of_a_peer_are_as_good_as_one_message():
    learner = make_learner(memory={"keep": "latest_per_row"})
    whole = learner.predict(learner.initial(1), ROWS)
    both = Memo(whole, at=ROWS[:10]), Memo(whole, at=ROWS[10:])
    np.testing.assert_array_equal(taught(learner, *both), taught(learner, Memo(whole, at=ROWS)))


def test_rows_that_one_does_not_have_teach_nothing():
    learner = make_learner(data={"dataset": "digits", "reference": {"rows": 32, "known": "25 %"}})
    own = learner.known[0]
    other = np.setdiff1d(ROWS, own)
    start = learner.parameters(learner.initial(0))
    nothing = taught(learner, Memo(learner.predict(learner.initial(1), other)))
    np.testing.assert_array_equal(nothing, start)
    everything = taught(learner, Memo(learner.predict(learner.initial(1), ROWS)))
    shared = taught(learner, Memo(learner.predict(learner.initial(1), own)))
    np.testing.assert_allclose(everything, shared, atol=1e-6)


def test_contents_much_older_than_the_half_life_count_nothing():
    learner = make_learner(memory={"keep": "latest_per_peer", "half_life": "1 s"})
    fresh = Memo(learner.predict(learner.initial(1), ROWS), 1, made_s=10_000.0)
    stale = Memo(learner.predict(learner.initial(2), ROWS), 2, made_s=0.0)
    alone = taught(learner, fresh, now_s=10_000.0)
    np.testing.assert_allclose(taught(learner, fresh, stale, now_s=10_000.0), alone, atol=1e-7)
    alike = stale._replace(made_s=10_000.0)
    assert np.abs(taught(learner, fresh, alike, now_s=10_000.0) - alone).max() > 1e-5


def test_nothing_is_learned_where_every_prediction_is_filtered():
    learner = make_learner(teachers={"filters": [{"kind": "min_confidence", "at_least": 1.0}]})
    memo = Memo(learner.predict(learner.initial(1), ROWS))
    np.testing.assert_array_equal(taught(learner, memo), learner.parameters(learner.initial(0)))


def test_a_teacher_reports_its_accuracy_on_its_own_rows():
    learner = make_learner(teachers={"filters": ["drop_below_chance"]})
    teacher = learner.train(learner.initial(1), 200)
    grown = learner.predict(teacher, ROWS)
    learner.flush()
    tables = learner.tables
    first, last = tables.own_offsets[1:3]
    own = tables.private_x[first:last][None]
    flat = teacher.pool.data[teacher.row, : learner.architecture(teacher).n_parameters][None]
    labels = learner.architecture(teacher).forward(flat, own).logits.argmax(-1)[0]
    right = (labels == tables.private_y[first:last]).float().mean().item()
    assert right > 0.5
    assert grown.pool.data[grown.row, -1].item() == pytest.approx(right)


def test_noise_differs_between_messages_and_not_between_runs():
    spec = {"knowledge": "soft_labels", "privacy": {"kind": "gaussian", "noise": 0.1}}
    pytest.importorskip("dp_accounting")
    learner = make_learner(send=spec)
    version = learner.initial(1)
    first, second = (learner.predict(version, ROWS) for _ in range(2))
    assert (learner.resolve(first) != learner.resolve(second)).any()
    other = make_learner(send=spec)
    again = other.resolve(other.predict(other.initial(1), ROWS))
    np.testing.assert_array_equal(learner.resolve(first), again)
