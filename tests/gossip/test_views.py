"""Newscast and Cyclon, run by hand in cycles: in-degrees, freshness, conservation."""

import numpy as np
import pytest

from p2pkd.core.rng import Streams
from p2pkd.gossip.peers import CyclonPeers, Entry, NewscastPeers, ViewService, in_degrees
from p2pkd.scenario.method import GossipSpec
from p2pkd.scenario.topology import RandomRegular
from p2pkd.world.graphs import build_topology
from p2pkd.world.neighbourhood import Neighbourhood
from p2pkd.world.topology import Topology

C = 20


def regular(n: int, k: int, seed: int = 0) -> Neighbourhood:
    return Neighbourhood(build_topology(RandomRegular(k=k), n, Streams(seed), None))


def cycle(service: ViewService, n: int, now: float, rng: np.random.Generator, gone=()) -> None:
    """Let everybody begin one exchange, in random order, over a perfect network."""
    for step, agent in enumerate(rng.permutation(n).tolist()):
        time = now + step / n
        opening = None if agent in gone else service.begin(agent, time)
        if opening is not None and opening[0] not in gone:
            peer, entries = opening
            answer = service.answer(peer, agent, entries, time)
            service.conclude(agent, peer, answer, time)


def run(spec, n: int, cycles: int, seed: int = 0, gone=()) -> ViewService:
    service = spec.build(regular(n, C, seed), Streams(seed))
    rng = np.random.default_rng(seed)
    for now in range(cycles):
        cycle(service, n, float(now + 1), rng, gone if now >= cycles // 2 else ())
    return service


def test_both_are_services():
    graph = regular(50, C)
    for spec in (NewscastPeers(), CyclonPeers()):
        service = spec.build(graph, Streams(0))
        assert isinstance(service, ViewService)
        assert (service.period_s, service.entry_bytes) == (10.0, 8)


def test_the_first_view_is_drawn_from_the_neighbours():
    graph = regular(50, 8)
    service = NewscastPeers(view=5).build(graph, Streams(0))
    for agent in range(50):
        assert set(service.view(agent)) <= set(graph.neighbours(agent).tolist())
        assert len(service.view(agent)) == 5


def test_in_degree_is_narrower_than_random_with_cyclon_and_wider_with_newscast():
    n = 500
    spread = {}
    for name, spec in (("cyclon", CyclonPeers()), ("newscast", NewscastPeers())):
        degrees = in_degrees(run(spec, n, 40), n)
        assert degrees.mean() == pytest.approx(C, rel=0.02)
        spread[name] = degrees.std()
    # A view of C random others: binomial in-degree.
    binomial = np.sqrt(C * (1 - C / (n - 1)))
    assert spread["cyclon"] < 0.75 * binomial
    assert spread["newscast"] > 1.25 * binomial


def test_cyclon_keeps_the_number_of_links():
    service = run(CyclonPeers(), 200, 20)
    assert [len(service.view(agent)) for agent in range(200)] == [C] * 200


def test_cyclon_turns_to_the_oldest_and_gives_itself_in_exchange():
    graph = Neighbourhood(Topology.from_edges(6, [0, 0, 0], [1, 2, 3]))
    service = CyclonPeers(view=3, shuffle=2).build(graph, Streams(0))
    service.view(0).update({1: 5.0, 2: 1.0, 3: 3.0})
    peer, entries = service.begin(0, 9.0)
    assert peer == 2
    assert entries[0] == Entry(0, 9.0)
    assert len(entries) == 2
    given = entries[1].agent
    assert set(service.view(0)) == {1, 3}
    # An empty place takes the first newcomer, what was given away makes room for the second.
    service.conclude(0, 2, [Entry(4, 7.0), Entry(5, 6.0), Entry(0, 1.0)], 9.5)
    assert service.view(0) == {4: 7.0, 5: 6.0, 4 - given: service.view(0)[4 - given]}


def test_an_answer_to_nothing_replaces_nothing():
    graph = Neighbourhood(Topology.from_edges(6, [0, 0, 0], [1, 2, 3]))
    service = CyclonPeers(view=3, shuffle=2).build(graph, Streams(0))
    service.conclude(0, 2, [Entry(4, 7.0)], 9.5)
    assert set(service.view(0)) == {1, 2, 3}


def test_newscast_keeps_the_freshest():
    graph = Neighbourhood(Topology.from_edges(6, [0, 0, 0], [1, 2, 3]))
    service = NewscastPeers(view=3).build(graph, Streams(0))
    service.view(0).update({1: 5.0, 2: 1.0, 3: 3.0})
    news = [Entry(2, 6.0), Entry(1, 4.0), Entry(4, 3.5), Entry(0, 9.0)]
    answer = service.answer(0, 2, news, 7.0)
    # It answers with what it knew before, and itself.
    assert set(answer) == {Entry(0, 7.0), Entry(1, 5.0), Entry(2, 1.0), Entry(3, 3.0)}
    assert service.view(0) == {2: 6.0, 1: 5.0, 4: 3.5}


@pytest.mark.parametrize(("spec", "cycles"), [(NewscastPeers(), 10), (CyclonPeers(), 40)])
def test_the_departed_are_forgotten(spec, cycles):
    """Half of all leave: Newscast forgets them within c / 2 cycles, Cyclon in about 2 c."""
    n, gone = 200, set(range(100))
    service = run(spec, n, 2 * cycles, gone=gone)
    assert not [peer for agent in range(100, 200) for peer in service.view(agent) if peer in gone]


def test_views_have_no_place_in_rounds():
    with pytest.raises(ValueError, match="newscast has a clock of its own"):
        GossipSpec(peers="newscast", clock="rounds")


def test_a_shuffle_is_no_longer_than_the_view():
    with pytest.raises(ValueError, match="shuffle: 9 must be at most view, 4"):
        CyclonPeers(view=4, shuffle=9)
