"""Rules of a machine's computing time: what is fitted, and what it is fitted to."""

import numpy as np
import pytest

from p2pkd.calibration.bench import ladder, measure
from p2pkd.calibration.fit import RULES, Rule, Timing, errors, fit, left_out
from p2pkd.engine.effort import Traffic
from p2pkd.learning.optim.optimizers import make_optimizer
from p2pkd.scenario.models import CnnSpec, LinearSpec, MlpSpec
from p2pkd.scenario.optimizers import AdamSpec

TRUE = Rule(130e-6, 1 / 50e9, 1 / 6e9)


def timings(noise=0.0):
    """Return calls of five models that follow TRUE; medians are twice what is fastest."""
    rng, made = np.random.default_rng(0), []
    for hidden in (10, 100, 1_000, 10_000, 100_000):
        traffic = Traffic(2.0 * hidden * 74, hidden * 75, hidden + 74, hidden * 150)
        for kind in ("train", "predict"):
            for batch in (8, 32, 128):
                blank = Timing(str(hidden), kind, batch, 1.0, 1.0, 9, traffic)
                took = TRUE.seconds([blank])[0] * np.exp(noise * rng.standard_normal())
                made.append(blank._replace(median_s=2 * took, fastest_s=took))
    return made


def test_the_fit_finds_what_the_times_were_made_of():
    found = fit(timings())
    assert [found.overhead_s, found.s_per_flop, found.s_per_byte] == pytest.approx(
        [TRUE.overhead_s, TRUE.s_per_flop, TRUE.s_per_byte], rel=1e-3
    )
    assert abs(errors(found, timings())).max() < 1e-3
    noisy = fit(timings(0.1))
    assert noisy.overhead_s == pytest.approx(TRUE.overhead_s, rel=0.15)


def test_one_number_is_the_geometric_mean_of_the_rates():
    """So that it has the error that it must have, and not one of how it was fitted."""
    found = fit(timings(), RULES["one number"])
    rates = [t.parts[1] / t.fastest_s for t in timings()]
    assert found.overhead_s == found.s_per_byte == 0
    assert 1 / found.s_per_flop == pytest.approx(np.exp(np.mean(np.log(rates))), rel=1e-3)


def test_a_term_that_is_not_there_is_found_to_be_nothing():
    plain = [t._replace(fastest_s=1e-4 * t.parts[0] + t.parts[1] / 50e9) for t in timings()]
    found = fit(plain)
    assert found.s_per_byte * max(t.parts[2] for t in plain) < 1e-3 * plain[-1].fastest_s


def test_a_model_left_out_does_not_count_in_its_own_fit():
    """With one model's times a hundred times as long, the others foretell a hundredth of them."""
    odd = [t._replace(fastest_s=t.fastest_s * (100 if t.model == "1000" else 1)) for t in timings()]
    errors_of = left_out(odd, RULES["three terms"])
    own = np.array([t.model == "1000" for t in odd])
    assert errors_of[own] == pytest.approx(-0.99, abs=1e-3)


def test_measured_calls_are_real_and_all_there():
    import torch

    before = torch.get_num_threads()
    specs = (LinearSpec(), MlpSpec(hidden=(256, 256)))
    made = measure(specs, [8, 64], (1, 8, 8), 10, make_optimizer(AdamSpec()), seconds=0.01)
    assert torch.get_num_threads() == before
    assert [(t.kind, t.batch) for t in made[:4]] == [
        ("train", 8), ("predict", 8), ("train", 64), ("predict", 64),
    ]  # fmt: skip
    assert len(made) == 8
    assert all(0 < t.fastest_s <= t.median_s and t.calls >= 20 for t in made)
    assert made[0].traffic == Traffic(1290.0, 650, 74, 1300)
    assert made[4].fastest_s > made[0].fastest_s > made[1].fastest_s


def test_the_ladder_has_convolutions_where_there_are_images():
    assert isinstance(ladder((1, 8, 8))[-1], CnnSpec)
    assert len(ladder((64,))) >= 4
    assert not any(isinstance(spec, CnnSpec) for spec in ladder((64,)))
