"""What several messages say together: as one payload, told in single precision."""

from __future__ import annotations

import numpy as np
from toys import Half, Memo, make_learner


def told(learner, rows, agents=(0, 1, 2)):
    return [Memo(learner.predict(learner.initial(i), np.array(rows)), i) for i in agents]


def test_a_mean_is_the_mean_of_what_was_received():
    """Neither softened (the objective's temperature is 2) nor encoded again."""
    learner = make_learner(codec=Half())
    lessons = told(learner, [5, 2, 9])
    mean = learner.mean(learner.initial(6), lessons)
    said = np.array([learner.resolve(memo.contents) for memo in lessons])[:, [1, 0, 2]]
    said = said / said.sum(-1, keepdims=True)
    np.testing.assert_array_equal(mean.rows, [2, 5, 9])
    np.testing.assert_allclose(learner.resolve(mean), said.mean(0), rtol=1e-5)


def test_rows_that_some_speak_of_have_the_mean_of_these():
    learner = make_learner()
    lessons = [*told(learner, [1, 2], (0,)), *told(learner, [2, 3], (1,))]
    one, other = (learner.resolve(memo.contents) for memo in lessons)
    mean = learner.resolve(learner.mean(learner.initial(6), lessons))
    np.testing.assert_allclose(mean, [one[0], (one[1] + other[0]) / 2, other[1]], rtol=1e-5)


def test_exact_predictions_are_not_encoded():
    learner = make_learner(codec=Half())
    version, rows = learner.initial(0), np.arange(4)
    exact = learner.resolve(learner.predict(version, rows, exact=True))
    received = learner.resolve(learner.predict(version, rows))
    assert (exact != received).any()
    np.testing.assert_array_equal(exact.astype(np.float16).astype(np.float32), received)


def test_what_is_not_finite_is_in_no_mean():
    """Nor is there a mean where nothing else is left, and of rows that nobody else speaks of."""
    learner = make_learner()
    version = learner.initial(2)
    for _ in range(2):
        version = learner.merge(version, [(version, 1e30)])
    rows = np.array([1, 2])
    broken = Memo(learner.predict(version, rows), 2)
    learner.resolve(broken.contents)
    fine = told(learner, [1, 2], (0,))
    expected = learner.resolve(fine[0].contents)
    server = learner.initial(6)
    mean = learner.resolve(learner.mean(server, [*fine, broken]))
    np.testing.assert_allclose(mean, expected, rtol=1e-5)
    assert np.isnan(learner.resolve(learner.mean(server, [broken]))).all()
    partly = learner.resolve(learner.mean(server, [*told(learner, [2], (0,)), broken]))
    assert np.isnan(partly).all(1).tolist() == [True, False]
    # Of a mean that is none nobody learns.
    student = learner.initial(1)
    taught = learner.distill(student, [Memo(learner.mean(server, [broken]), 6)], 3)
    np.testing.assert_array_equal(learner.parameters(taught), learner.parameters(student))
