"""Mistakes that others shipped: each test fails when the mistake is put in."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from parts import DIGITS, make_simulation

from p2pkd.core.errors import ScenarioError
from p2pkd.knowledge.codecs import Bits, Float32

ROWS = np.arange(32)


class Memo(NamedTuple):
    contents: Any
    sender: int = 1
    made_s: float = 0.0


def test_permuting_a_message_changes_nothing():
    """Pitfall 4: rows out of order; a receiver aligns by row id."""
    learner = make_simulation().shared.learner
    shuffled = np.random.default_rng(0).permutation(ROWS)

    def taught(rows):
        memo = Memo(learner.predict(learner.initial(1), rows))
        return learner.parameters(learner.distill(learner.initial(0), [memo], 3))

    results = taught(ROWS), taught(shuffled)
    np.testing.assert_allclose(*results, atol=1e-6)


def test_logits_cannot_travel_as_probabilities():
    """Pitfall 5: a codec of the probability simplex refuses logits, by name."""
    with pytest.raises(ScenarioError, match=r"send\.codec: 'bits' cannot encode logits"):
        make_simulation(send={"knowledge": "logits", "codec": "bits"})


def test_the_codec_inside_a_wrapper_is_checked_too():
    codec = {"kind": "delta", "of": "bits"}
    with pytest.raises(ScenarioError, match="'bits' cannot encode logits"):
        make_simulation(send={"knowledge": "logits", "codec": codec})
    with pytest.raises(ScenarioError, match="'compressed' cannot encode"):
        make_simulation(send={"codec": {"kind": "delta", "of": "compressed"}})


def test_differences_need_the_same_rows_each_time():
    with pytest.raises(ScenarioError, match="differences need the same rows each time"):
        make_simulation(send={"rows": 8, "codec": "delta"})
    make_simulation(send={"rows": 8, "subset": "fixed", "codec": "delta"})


def test_nobody_is_a_teacher_of_oneself():
    """Pitfall 6: self counted among the teachers."""
    simulation = make_simulation(gossip={"protocol": "push_pull", "fanout": "all"})
    simulation.run()
    for agent in simulation.agents:
        senders = {memo.sender for memo in agent.memory.read(simulation.env.now)}
        assert senders
        assert agent.agent not in senders


def test_no_teacher_is_believed_before_the_warm_up_is_over():
    """Pitfall 9: immature teachers."""
    simulation = make_simulation(teachers={"warm_up": "1 h"})
    simulation.run()
    assert sum(books.distill_steps for books in simulation.books) == 0
    simulation = make_simulation()
    simulation.run()
    assert sum(books.distill_steps for books in simulation.books) > 0


def test_jeong_2018_to_the_bit():
    """Table 1: 16 rounds, ten classes, float32, there and back; a device."""
    simulation = make_simulation(
        data={**DIGITS, "partition": "iid"},
        send={"knowledge": "label_averages"},
        learn={"objective": "label_average"},
    )
    simulation.run()
    books = simulation.books[0]
    bits_a_message = 8 * books.payload_bytes // books.sent
    assert 16 * 2 * bits_a_message == 102_400
    assert 16 * 2 * 8 * Float32().size_bytes(1, 1_199_648) == 1_228_439_552


def test_cfd_by_the_formula_in_a_run():
    send = {"codec": {"kind": "bits", "b": 1}}
    simulation = make_simulation(send=send, learn={"objective": "response", "temperature": 1})
    simulation.run()
    books = simulation.books[0]
    # ceil(32 log2(10) / 8) = ceil(13.29)
    assert books.payload_bytes == books.sent * 14
    assert Bits(b=1).size_bytes(5000, 10) == 2077


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("teachers.filters", {"teachers": {"filters": ["drop_below_chance"]}}),
        ("teachers.weights", {"teachers": {"weights": "samples"}}),
        ("teachers.sharpen", {"teachers": {"sharpen": "era"}}),
        ("memory.half_life", {"memory": {"keep": "once", "half_life": "1 min"}}),
        ("memory.keep", {"memory": "latest_per_row"}),
        ("send.privacy", {"send": {"knowledge": "weights", "privacy": "gaussian"}}),
    ],
)
def test_a_rule_that_would_not_be_used_is_refused(key, given):
    """Pitfall 14: choices that never fire."""
    weights = {"send": {"knowledge": "weights"}, "learn": {"objective": "merge"}, **given}
    with pytest.raises(ScenarioError, match=rf"{key}.*is for predictions"):
        make_simulation(**weights)
