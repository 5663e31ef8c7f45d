"""Clipped and noised predictions, and what they cost."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import norm

from p2pkd.core.errors import InputError
from p2pkd.knowledge import privacy
from p2pkd.knowledge.privacy import Gaussian


def test_rows_are_clipped_to_their_norm_and_smaller_ones_left_alone():
    values = torch.tensor([[[3.0, 4.0], [0.3, 0.4]]])
    got = Gaussian(clip=1).noised(values, torch.zeros(1, 2, 2))
    torch.testing.assert_close(got, torch.tensor([[[0.6, 0.8], [0.3, 0.4]]]))


def test_noise_is_scaled_to_the_norm_of_a_message():
    """R rows of norm `clip` have norm clip sqrt(R), which is how much one agent changes."""
    spec = Gaussian(clip=0.5, noise=2)
    normals = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 64, 1000)))
    got = spec.noised(torch.zeros(1, 64, 1000), normals)
    assert got.std().item() == pytest.approx(2 * 0.5 * math.sqrt(64), rel=0.01)


def exact_epsilon(noise, delta):
    """Of one Gaussian mechanism, by the formula of Balle and Wang (2018), theorem 8."""

    def excess(e):
        a, b = 1 / (2 * noise), e * noise
        return norm.cdf(a - b) - math.exp(e) * norm.cdf(-a - b) - delta

    return brentq(excess, 0, 50)


@pytest.mark.parametrize("noise", [1.0, 3.0])
@pytest.mark.parametrize("messages", [1, 16])
def test_epsilon_is_that_of_the_composed_mechanism_or_a_little_more(noise, messages):
    """T Gaussian mechanisms are one with its noise divided by sqrt(T)."""
    pytest.importorskip("dp_accounting")
    exact = exact_epsilon(noise / math.sqrt(messages), 1e-5)
    spent = Gaussian(noise=noise).epsilon(messages)
    assert exact <= spent <= 1.25 * exact


def test_nothing_said_is_nothing_spent():
    pytest.importorskip("dp_accounting")
    assert Gaussian().epsilon(0) == 0


def test_without_an_accountant_it_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(privacy, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"p2pkd\[privacy\]"):
        Gaussian().check()
