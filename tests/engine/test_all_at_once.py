"""Churn, loss, changing graphs, queues, tokens and view exchange together: the books balance."""

import books
import pytest

STORM = {
    "duration": "10 min",
    "agents": 12,
    "topology": {"kind": "random_regular", "k": 4},
    "links": {
        "latency": {"kind": "lognormal", "median": "200 ms", "sigma": 1.0},
        "loss": 0.2,
        "retransmit": {"timeout": "1 s", "attempts": 3},
    },
    "churn": {"sessions": {"kind": "exponential", "online": "60 s", "offline": "20 s"}},
    "devices": [
        {
            "name": "toy",
            "flops": "10 kFLOP/s",
            "memory": "1 MB",
            "uplink": "60 B/s",
            "downlink": "100 B/s",
            "model": "linear",
        }
    ],
    "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 10}},
}
DYNAMICS = [
    {"kind": "edge_failure", "mean_up": "30 s", "mean_down": "10 s"},
    {"kind": "random_waypoint", "radius": "500 m", "slowest": "5 m/s", "fastest": "30 m/s"},
    {"kind": "resample", "every": "20 s", "transfers": "abort"},
]
GOSSIP = [
    {"flow": "randomised_tokens", "queue": {"limit": 2}},
    {"flow": {"kind": "rate_limit", "rate": "40 B/s"}, "protocol": "push_pull", "fanout": 2},
    {
        "flow": {"kind": "rate_limit", "messages": 6, "burst": "20 s"},
        "queue": {"limit": 1, "drop": "newest", "at_once": 2},
        "peers": {"kind": "newscast", "view": 5},
        "fanout": 3,
    },
    {"queue": {"limit": 1}, "peers": {"kind": "cyclon", "view": 5, "shuffle": 3}},
]


@pytest.mark.parametrize("gossip", GOSSIP, ids=["tokens", "bytes", "newscast", "cyclon"])
@pytest.mark.parametrize("dynamics", DYNAMICS, ids=lambda dynamics: dynamics["kind"])
def test_nothing_is_lost_in_the_books(run, dynamics, gossip):
    """A transport that sends nothing again by itself: every byte is of an attempt."""
    scenario = {
        **STORM,
        "links": {**STORM["links"], "transport": "fair"},
        "dynamics": dynamics,
        "method": {
            "send": {"codec": "float32"},
            "gossip": {"every": "5 s", **gossip},
            "learn": {"objective": "response", "batch": 8, "when": "receive"},
        },
    }
    simulation, log = run(scenario)
    messages, agents = log.of("MessageRecord"), log.of("AgentRecord")
    assert sorted(m.message for m in messages) == list(range(simulation.network.sent))
    for agent in agents:
        mine = [m for m in messages if m.sender == agent.agent]
        told = [sum(m.status == s for m in mine) for s in ("delivered", "lost", "aborted")]
        kept = [agent.messages_delivered, agent.messages_lost, agent.messages_aborted]
        assert told == kept
        assert agent.messages_sent == len(mine) == sum(kept) + agent.messages_in_flight
        assert agent.wire_bytes == sum(m.wire_bytes for m in mine)
    for m in messages:
        size = m.payload_bytes + m.header_bytes
        assert 0 <= m.wire_bytes <= m.attempts * size
        assert m.sent_s <= m.ended_s
        assert m.status != "delivered" or m.wire_bytes == m.attempts * size
    # All of it has happened.
    assert {m.status for m in messages} >= {"delivered", "aborted"}
    assert any(m.attempts > 1 for m in messages)
    # Whatever the outbox believes to wait or to be on its way is in flight at the end.
    outbox = simulation.network.outbox
    for agent in range(12):
        left = [m for m in messages if m.sender == agent and m.status == "in_flight"]
        assert sum(m.attempts > 0 for m in left) == outbox.leaving[agent]
        assert sum(m.attempts == 0 for m in left) == len(outbox.waiting[agent])


@pytest.mark.parametrize("connections", ["new", "kept"])
@pytest.mark.parametrize("dynamics", DYNAMICS, ids=lambda dynamics: dynamics["kind"])
def test_nor_where_tcp_sends_again(run, dynamics, connections):
    """Links so slow that time-outs are spurious: segments cross again, and are told of."""
    links = {**STORM["links"], "transport": "tcp", "connections": connections}
    gossip = {"every": "10 s", "queue": {"limit": 2}}
    method = {"send": {"codec": "float32"}, "gossip": gossip}
    learn = {"objective": "response", "batch": 8, "when": "receive"}
    simulation, log = run(
        {**STORM, "dynamics": dynamics, "links": links, "method": {**method, "learn": learn}}
    )
    books.check(simulation, log)
    messages = log.of("MessageRecord")
    assert {m.status for m in messages} >= {"delivered", "aborted"}
    size = {m.message: m.payload_bytes + m.header_bytes for m in messages}
    again = [m.retransmitted_bytes - max(m.attempts - 1, 0) * size[m.message] for m in messages]
    assert max(again) > 0
