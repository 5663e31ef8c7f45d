"""Learned weights against the minimum that they descend to, and what is kept of them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pkd.knowledge.teachers import Learned

OWN = [[0.6, 0.3, 0.1], [0.2, 0.5, 0.3]]
NEAR = [[0.5, 0.4, 0.1], [0.3, 0.4, 0.3]]
FAR = [[0.1, 0.1, 0.8], [0.7, 0.1, 0.2]]


class Heard(SimpleNamespace):
    """One agent's lesson, and what it remembers."""

    def trusts(self, change):
        self.trust = self.trust + change

    def own(self):
        return torch.tensor(OWN)[None].log()


def heard(*tables, present=None):
    p = torch.tensor(tables)[None]
    said = torch.ones(p.shape[:3]) if present is None else torch.tensor(present)[None]
    return Heard(log_p=p.log(), present=said, trust=torch.zeros(p.shape[:2]))


def best(pull):
    """The weight of NEAR where D + pull |c - 1/2|^2 is least, D being a parabola in it."""
    off = [np.array(table) - np.array(OWN) for table in (NEAR, FAR)]
    a, b, c = ((x * y).sum() / 2 for x, y in ((off[0], off[0]), (off[0], off[1]), (off[1], off[1])))
    return min(1.0, (c - b + pull) / (a - 2 * b + c + 2 * pull))


@pytest.mark.parametrize("pull", [0.05, 0.5, 5.0])
def test_many_steps_reach_the_minimum(pull):
    factors = Learned(pull=pull, rate=0.2, steps=3000).factors(heard(NEAR, FAR))
    assert factors.shape == (1, 2, 1)
    assert factors.flatten().tolist() == pytest.approx([best(pull), 1 - best(pull)], abs=1e-4)


def test_a_strong_pull_keeps_them_equal():
    factors = Learned(pull=100, rate=0.001, steps=500).factors(heard(NEAR, FAR, NEAR))
    assert factors.flatten().tolist() == pytest.approx([1 / 3] * 3, abs=3e-3)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 6), st.integers(1, 6))
def test_what_is_remembered_goes_on(first, second):
    lesson, whole = heard(NEAR, FAR), heard(NEAR, FAR)
    Learned(steps=first).factors(lesson)
    one = Learned(steps=second).factors(lesson)
    other = Learned(steps=first + second).factors(whole)
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(lesson.trust, whole.trust, rtol=1e-4, atol=1e-5)


def test_who_says_nothing_neither_counts_nor_changes():
    lesson = heard(NEAR, FAR, FAR, present=[[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    factors = Learned().factors(lesson)
    assert factors.flatten()[2] == 0
    assert lesson.trust.flatten()[2] == 0
    torch.testing.assert_close(factors[:, :2], Learned().factors(heard(NEAR, FAR)))
