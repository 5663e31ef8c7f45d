"""Token accounts: their tables, and the rates that follow from them."""

import numpy as np
import pytest

from p2pkd.core.rng import Streams
from p2pkd.gossip.flow import GeneralisedTokens, RandomisedTokens, RateLimit, SimpleTokens
from p2pkd.scenario.method import GossipSpec

SPECS = [
    SimpleTokens(capacity=4),
    GeneralisedTokens(capacity=10, reluctance=5),
    RandomisedTokens(capacity=10, reluctance=5),
]


def test_simple():
    spec = SimpleTokens(capacity=3)
    assert [spec.proactive(a) for a in range(5)] == [0, 0, 0, 1, 1]
    assert [spec.reactive(a, u) for a in (0, 1, 2) for u in (True, False)] == [0, 0, 1, 1, 1, 1]


def test_generalised():
    spec = GeneralisedTokens(capacity=6, reluctance=2)
    assert [spec.proactive(a) for a in range(8)] == [0] * 6 + [1, 1]
    assert [spec.reactive(a, True) for a in range(7)] == [0, 1, 1, 2, 2, 3, 3]
    assert [spec.reactive(a, False) for a in range(7)] == [0, 0, 0, 1, 1, 1, 1]


def test_randomised():
    spec = RandomisedTokens(capacity=6, reluctance=3)
    assert [spec.proactive(a) for a in range(8)] == [0, 0, 0, 0.25, 0.5, 0.75, 1, 1]
    assert [spec.reactive(a, True) for a in range(4)] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert spec.reactive(6, False) == 0


@pytest.mark.parametrize("spec", SPECS[:2], ids=repr)
def test_who_hears_nothing_speaks_at_every_tick_after_as_many_as_its_capacity(spec):
    accounts = spec.build(1, Streams(0))
    assert [accounts.speaks(0) for _ in range(20)] == [False] * spec.capacity + [True] * (
        20 - spec.capacity
    )


@pytest.mark.parametrize("spec", SPECS, ids=repr)
@pytest.mark.parametrize("heard_per_tick", [0, 1, 7])
def test_nobody_sends_more_than_a_message_a_tick(spec, heard_per_tick):
    accounts, sent = spec.build(1, Streams(1)), 0
    for tick in range(1, 500):
        sent += accounts.speaks(0)
        for _ in range(heard_per_tick):
            count = accounts.reaction(0, True)
            accounts.spend(0, count)
            sent += count
        # Every tick is a message sent or a token earned, and every other message cost a token.
        assert sent + accounts.tokens[0] == tick
        assert 0 <= accounts.tokens[0] <= spec.capacity


def gossip(spec, n: int, ticks: int, rng: np.random.Generator) -> np.ndarray:
    """Mean tokens after each tick of *n* agents in random order that send to anyone, at once."""
    accounts = spec.build(n, Streams(2))
    means = []
    for _ in range(ticks):
        for agent in rng.permutation(n).tolist():
            mail = [int(rng.integers(n))] if accounts.speaks(agent) else []
            while mail:
                receiver = mail.pop()
                count = accounts.reaction(receiver, True)
                accounts.spend(receiver, count)
                mail += rng.integers(n, size=count).tolist()
        means.append(np.mean(accounts.tokens))
    return np.array(means)


@pytest.mark.parametrize(("C", "A"), [(10, 5), (20, 5), (20, 10)])
def test_the_randomised_account_holds_ac_over_c_plus_one(C, A):
    means = gossip(RandomisedTokens(capacity=C, reluctance=A), 300, 200, np.random.default_rng(0))
    late = means[100:]
    # A mean-field formula, exact where accounts stay between A - 1 and C tokens: they mostly do.
    assert late.mean() == pytest.approx(A * C / (C + 1), rel=0.05)


def test_useful_are_models_that_have_learned_as_much():
    accounts = SimpleTokens(useful="trained").build(1, Streams(0))
    assert [accounts.useful(sender, 5) for sender in (4, 5, 6)] == [False, True, True]
    assert SimpleTokens().build(1, Streams(0)).useful(0, 5)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"protocol": "pull"}, "take protocol 'push', not 'pull'"),
        ({"fanout": 2}, "a token pays for one message; take fanout 1, not 2"),
    ],
)
def test_tokens_go_with_push_to_one(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        GossipSpec(flow="simple_tokens", **changes)


def test_reluctance_fits_the_account():
    with pytest.raises(ValueError, match="reluctance: 5 must be at most capacity, 4"):
        GeneralisedTokens(capacity=4, reluctance=5)


def test_costs_of_a_rate():
    assert RateLimit(rate="2 kB/s").cost_s(500) == 0.25
    assert RateLimit(messages=4, per="1 min").cost_s(500) == 15
    with pytest.raises(ValueError, match="give either rate or messages"):
        RateLimit()
