"""Peers chosen by what is learned: the choices, given what is seen."""

from collections import Counter

import numpy as np
import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.core.rng import Streams
from p2pkd.gossip.peers import ByConfidence, Impression, SimilarQuality
from p2pkd.gossip.peers.adaptive import divergence
from p2pkd.gossip.peers.confidence import confidence
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.world.neighbourhood import Neighbourhood
from p2pkd.world.topology import Topology

CERTAIN, EVEN = np.eye(4)[[0, 2]], np.full((2, 4), 0.25)
# Entropy (ln 2) / (ln 4): half of the most that is possible.
HALF = np.array([[0.5, 0.5, 0.0, 0.0]])


def complete(n):
    return Neighbourhood(Topology.from_edges(n, *np.triu_indices(n, 1)))


@pytest.mark.parametrize(("p", "sure"), [(CERTAIN, 1), (EVEN, 0), (HALF, 0.5)])
def test_confidence_is_what_is_left_of_entropy(p, sure):
    assert confidence(p) == pytest.approx(sure)


def test_divergence_is_the_mean_kl():
    said, own = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.25, 0.75], [0.5, 0.5]])
    first = 0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    assert divergence(said, own) == pytest.approx((first + np.log(2)) / 2)


@pytest.mark.parametrize(("who", "p", "count"), [("sure", HALF, 1.5), ("unsure", EVEN, 3)])
def test_confidence_is_the_share_of_the_fanout(who, p, count):
    sampler = ByConfidence(who=who).build(complete(6), Streams(1))
    assert len(sampler.choose(0, 3)) == 3  # before the first look
    sampler.see(0, p, ())
    chosen = [sampler.choose(0, 3) for _ in range(4000)]
    assert all(len(set(peers)) == len(peers) and 0 not in peers for peers in chosen)
    assert np.mean([len(peers) for peers in chosen]) == pytest.approx(count, abs=0.05)
    shares = Counter(peer for peers in chosen for peer in peers)
    expected = 4000 * count / 5
    assert all(shares[peer] == pytest.approx(expected, rel=0.1) for peer in range(1, 6))


def test_who_is_certain_asks_nobody():
    sampler = ByConfidence(who="unsure").build(complete(6), Streams(1))
    sampler.see(0, CERTAIN, ())
    assert not any(len(sampler.choose(0, 3)) for _ in range(100))


SEEN = [
    Impression(1, 0.1, 0.5),  # the most similar, and the worst
    Impression(2, 0.9, 0.8),
    Impression(3, 0.2, 0.8),
    Impression(4, 0.3, 0.9),
]


def test_the_best_first_and_of_these_the_most_similar():
    sampler = SimilarQuality(candidates=3, explore=1e-9).build(complete(7), Streams(1))
    sampler.see(0, EVEN, SEEN)
    assert sampler.choose(0, 2) == [3, 4]
    assert sampler.choose(0, 3) == [3, 4, 2]
    assert sampler.ranked(0, [1, 2, 4]) == [1, 4, 2]  # 3 is no neighbour any more
    assert sorted(sampler.choose(0, 6)) == [1, 2, 3, 4, 5, 6]


def test_strangers_get_known():
    """With probability 1/2 the best, else any of six: 7 and 1 of 12 each."""
    sampler = SimilarQuality(candidates=3, explore=0.5).build(complete(7), Streams(1))
    sampler.see(0, EVEN, SEEN)
    shares = Counter(sampler.choose(0, 1)[0] for _ in range(6000))
    assert shares[3] / 6000 == pytest.approx(7 / 12, abs=0.03)
    for peer in (1, 2, 4, 5, 6):
        assert shares[peer] / 6000 == pytest.approx(1 / 12, abs=0.015)


def test_before_anybody_is_heard_the_choice_is_uniform():
    sampler = SimilarQuality().build(complete(4), Streams(1))
    shares = Counter(peer for _ in range(3000) for peer in sampler.choose(0, 1))
    assert all(shares[peer] == pytest.approx(1000, rel=0.1) for peer in (1, 2, 3))


SIMILAR = {"peers": "similar_quality"}


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (
            {"gossip": {**SIMILAR, "protocol": "push", "flow": "simple_tokens"}},
            "'similar_quality' are chosen at ticks",
        ),
        ({"gossip": {"protocol": "none", "peers": "by_confidence"}}, "turns to nobody"),
        ({"preset": "d-psgd", "gossip": SIMILAR}, "compares predictions; weights are none"),
        ({"gossip": SIMILAR, "memory": "window"}, "memory.keep 'latest_per_peer', given 'window'"),
        ({"preset": "ad-psgd", "gossip": {"peers": "by_confidence"}}, "sends at once"),
    ],
)
def test_misfits_are_refused_by_name(method, message):
    with pytest.raises(ScenarioError, match=message):
        scenario_from_dict({"duration": "1 min", "agents": 4, "method": method})
