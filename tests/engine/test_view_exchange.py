"""View messages travel as all others do: bytes, loss, offline peers."""

import numpy as np
import pytest

from p2pkd.gossip.peers import in_degrees

N = 50
QUIET = {
    "duration": "200 s",
    "agents": N,
    "topology": {"kind": "random_regular", "k": 10},
    "links": {"transport": "fair", "latency": {"kind": "constant", "value": "50 ms"}},
    "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 10}},
    "method": {
        "gossip": {"every": "20 s", "peers": {"kind": "cyclon", "view": 10, "shuffle": 4}},
        "learn": {"objective": "response", "local_steps": 0, "distill_steps": 0},
    },
}


def with_peers(**peers):
    return {**QUIET["method"], "gossip": {"every": "20 s", "peers": peers}}


def test_cyclon_on_the_wire(run):
    simulation, log = run(QUIET)
    views = [m for m in log.of("MessageRecord") if m.kind == "view"]
    openings = [m for m in views if m.replies_to < 0]
    # Everybody begins once every 10 s; four entries of 8 bytes, and a header.
    assert len(openings) == N * 20
    assert {(m.payload_bytes, m.header_bytes) for m in openings} == {(32, 64)}
    answers = {m.replies_to: m for m in views if m.replies_to >= 0}
    for opening in openings:
        if opening.status == "delivered":
            answer = answers[opening.message]
            assert (answer.sender, answer.receiver) == (opening.receiver, opening.sender)
            assert answer.sent_s == opening.ended_s
            assert answer.payload_bytes <= 32
    # What is asked for and never comes is what is still under way at the end.
    assert in_degrees(simulation.shared.peers, N).sum() == pytest.approx(10 * N, rel=0.05)


def test_newscast_on_the_wire(run):
    _, log = run(QUIET, method=with_peers(kind="newscast", view=10, every="5 s", entry="6 B"))
    views = [m for m in log.of("MessageRecord") if m.kind == "view"]
    # A full view and oneself, both ways.
    assert {m.payload_bytes for m in views} == {66}
    assert sum(m.replies_to < 0 for m in views) == N * 40


def test_knowledge_goes_to_members_of_the_view(run):
    simulation, log = run(QUIET)
    talked = {(m.sender, m.receiver) for m in log.of("MessageRecord") if m.kind == "soft_labels"}
    first = {(i, int(j)) for i in range(N) for j in simulation.world.topology.neighbours(i)}
    assert talked - first  # the view has moved on from the graph
    assert all(a != b for a, b in talked)


@pytest.mark.parametrize("kind", ["newscast", "cyclon"])
def test_views_survive_loss_and_the_books_balance(run, kind):
    links = {"latency": {"kind": "constant", "value": "2 s"}, "loss": 0.3}
    simulation, log = run(QUIET, links=links, method=with_peers(kind=kind, view=10))
    messages = log.of("MessageRecord")
    views = [m for m in messages if m.kind == "view"]
    lost = np.mean([m.status == "lost" for m in views])
    assert lost == pytest.approx(0.3, abs=0.05)
    agents = log.of("AgentRecord")
    assert sum(a.wire_bytes for a in agents) == sum(m.wire_bytes for m in messages)
    assert min(len(simulation.shared.peers.view(i)) for i in range(N)) > 0


def test_who_is_offline_says_nothing_and_finds_its_way_back(run):
    away = {"failures": [{"at": "50 s", "lasts": "100 s", "agents": [0]}]}
    simulation, log = run(QUIET, churn=away)
    own = [m.sent_s for m in log.of("MessageRecord") if m.kind == "view" and m.sender == 0]
    assert not [time for time in own if 50 <= time < 150]
    assert [time for time in own if time >= 150]
    towards = {m.status for m in log.of("MessageRecord") if m.receiver == 0 and m.sent_s < 150}
    assert towards == {"delivered", "aborted"}
    # Whoever turned to it in vain has forgotten it; others have met it since.
    assert any(0 in simulation.shared.peers.view(i) for i in range(1, N))


def test_the_same_seed_gives_the_same_views(run):
    one, other = run(QUIET)[0], run(QUIET)[0]
    assert [one.shared.peers.view(i) for i in range(N)] == [
        other.shared.peers.view(i) for i in range(N)
    ]
