"""Samplers: distinct peers, never oneself, and the distribution that each one promises."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from p2pkd.core.rng import Streams
from p2pkd.gossip import peers
from p2pkd.scenario.method import GossipSpec
from p2pkd.world.neighbourhood import Neighbourhood
from p2pkd.world.topology import Topology

SAMPLERS = [
    peers.UniformPeers(),
    peers.RoundRobin(),
    peers.DegreePeers(),
    peers.DegreePeers(power=-1.0),
    peers.RandomWalkPeers(length=3),
    peers.RandomWalkPeers(length=3, uniform=False),
    peers.AnyonePeers(),
    peers.EpidemicPeers(),
    peers.EpidemicPeers(variant="oracle"),
    peers.ExponentialRing(),
    peers.NewscastPeers(view=4),
    peers.CyclonPeers(view=4, shuffle=2),
]


def lollipop() -> Neighbourhood:
    """A triangle 0-1-2 with the tail 2-3-4: degrees 2, 2, 3, 2, 1."""
    return Neighbourhood(Topology.from_edges(5, [0, 0, 1, 2, 3], [1, 2, 2, 3, 4]))


def counts(sampler, agent: int, draws: int, fanout: int = 1) -> Counter[int]:
    return Counter(p for _ in range(draws) for p in sampler.choose(agent, fanout))


def fits(counted: Counter[int], shares: dict[int, float]) -> bool:
    """Whether a chi-square test leaves the shares standing (p above one in ten thousand)."""
    assert set(counted) <= set(shares)
    seen = [counted[i] for i in shares]
    return stats.chisquare(seen, np.array(list(shares.values())) * sum(seen)).pvalue > 1e-4


@pytest.mark.parametrize("spec", SAMPLERS, ids=repr)
@given(seed=st.integers(0, 99), fanout=st.integers(1, 6))
def test_peers_are_distinct_and_others(spec, seed, fanout):
    sampler = spec.build(lollipop(), Streams(seed))
    for agent in range(5):
        chosen = list(sampler.choose(agent, fanout))
        assert len(chosen) == len(set(chosen)) <= fanout
        assert agent not in chosen
        assert set(chosen) <= set(range(5))


@pytest.mark.parametrize("spec", SAMPLERS, ids=repr)
def test_choices_depend_on_seed_and_agent_alone(spec):
    one, other = (spec.build(lollipop(), Streams(3)) for _ in range(2))
    wanted = [list(one.choose(0, 1)) for _ in range(20)]
    got = []
    for _ in range(20):
        other.choose(2, 1)  # what others draw shifts nothing
        got.append(list(other.choose(0, 1)))
    assert wanted == got


@pytest.mark.parametrize("spec", [s for s in SAMPLERS if s.kind in ("uniform", "degree")], ids=repr)
def test_all_neighbours_when_asked_for_more(spec):
    assert sorted(spec.build(lollipop(), Streams(0)).choose(2, 1 << 62)) == [0, 1, 3]


def test_an_agent_without_neighbours_turns_to_nobody():
    graph = Neighbourhood(Topology.from_edges(3, [0], [1]))
    for spec in SAMPLERS[:6]:
        assert list(spec.build(graph, Streams(0)).choose(2, 1)) == []


def test_uniform():
    sampler = peers.UniformPeers().build(lollipop(), Streams(0))
    assert fits(counts(sampler, 2, 6000), {0: 1 / 3, 1: 1 / 3, 3: 1 / 3})


def test_round_robin_comes_round():
    sampler = peers.RoundRobin().build(lollipop(), Streams(0))
    assert counts(sampler, 2, 9) == {0: 3, 1: 3, 3: 3}


@pytest.mark.parametrize("power", [1.0, 2.0, -1.0])
def test_degree_weights_alike_are_uniform(power):
    sampler = peers.DegreePeers(power=power).build(lollipop(), Streams(0))
    assert fits(counts(sampler, 2, 6000), {0: 1 / 3, 1: 1 / 3, 3: 1 / 3})


def test_degree_weights():
    sampler = peers.DegreePeers().build(lollipop(), Streams(0))
    # Agent 3 has the neighbours 2 and 4, of degrees 3 and 1.
    assert fits(counts(sampler, 3, 6000), {2: 3 / 4, 4: 1 / 4})
    sampler = peers.DegreePeers(power=-1.0).build(lollipop(), Streams(0))
    assert fits(counts(sampler, 3, 6000), {2: 1 / 4, 4: 3 / 4})


def transition(graph: Neighbourhood, metropolis: bool) -> np.ndarray:
    """The matrix of one step of the walk, written down independently."""
    step = np.zeros((graph.n, graph.n))
    for i in range(graph.n):
        for j in graph.neighbours(i):
            accept = min(1, graph.degree(i) / graph.degree(j)) if metropolis else 1
            step[i, j] = accept / graph.degree(i)
        step[i, i] = 1 - step[i].sum()
    return step


@pytest.mark.parametrize("metropolis", [True, False])
def test_walks_end_as_their_matrix_says(metropolis):
    graph = lollipop()
    sampler = peers.RandomWalkPeers(length=4, uniform=metropolis).build(graph, Streams(0))
    ends = np.linalg.matrix_power(transition(graph, metropolis), 4)[4]
    ends[4] = 0  # a walk that comes home is walked again
    assert fits(counts(sampler, 4, 6000), {i: p for i, p in enumerate(ends / ends.sum()) if p})


def test_long_metropolis_walks_are_uniform():
    sampler = peers.RandomWalkPeers(length=60).build(lollipop(), Streams(0))
    assert fits(counts(sampler, 4, 4000), dict.fromkeys([0, 1, 2, 3], 1 / 4))


def test_a_walk_needs_a_number():
    with pytest.raises(ValueError, match="fanout: 'all' means all neighbours"):
        GossipSpec(peers="random_walk", fanout="all")


@pytest.mark.parametrize("spec", [peers.AnyonePeers(), peers.EpidemicPeers()], ids=repr)
def test_anyone_is_uniform_and_every_set_equally_likely(spec):
    sampler = spec.build(lollipop(), Streams(0))
    sets = Counter(frozenset(sampler.choose(1, 2)) for _ in range(6000))
    assert len(sets) == 6
    assert stats.chisquare(list(sets.values())).pvalue > 1e-4


def test_the_oracle_gives_everybody_s_in_and_s_out():
    graph = Neighbourhood(Topology.from_edges(50, [], []))
    sampler = peers.EpidemicPeers(variant="oracle").build(graph, Streams(0))
    edges = []
    for _ in range(12):
        edges.append([tuple(sampler.choose(agent, 3)) for agent in range(50)])
        heard = Counter(peer for chosen in edges[-1] for peer in chosen)
        assert set(heard.values()) == {3}
        assert len(heard) == 50
    assert len({tuple(round_) for round_ in edges}) == 12


def test_the_exponential_ring_mixes_in_log2_rounds():
    graph = Neighbourhood(Topology.from_edges(16, [], []))
    sampler = peers.ExponentialRing().build(graph, Streams(0))
    assert [sampler.choose(0, 1)[0] for _ in range(5)] == [1, 2, 4, 8, 1]
    assert list(sampler.choose(15, 9)) == [0, 1, 3, 7]
    # Push-sum over it: after log2 n rounds everybody has an equal part of everybody's value.
    sampler = peers.ExponentialRing().build(graph, Streams(0))
    mixed = np.eye(16)
    for _ in range(4):
        step = np.eye(16) / 2
        for agent in range(16):
            step[sampler.choose(agent, 1)[0], agent] += 1 / 2
        mixed = step @ mixed
    assert mixed == pytest.approx(1 / 16)


@pytest.mark.parametrize(("n", "steps"), [(2, [1]), (3, [1, 2]), (5, [1, 2, 4]), (9, [1, 2, 4, 8])])
def test_the_longest_step_of_the_ring_is_shorter_than_the_ring(n, steps):
    sampler = peers.ExponentialRing().build(
        Neighbourhood(Topology.from_edges(n, [], [])), Streams(0)
    )
    assert list(sampler.choose(0, 99)) == steps
