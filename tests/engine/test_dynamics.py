"""Graphs that change under a run: whom agents turn to, and what happens to transfers."""

import numpy as np
import pytest

SLOW = {
    "name": "toy",
    "flops": "1 GFLOP/s",
    "memory": "1 MB",
    "uplink": "100 B/s",
    "downlink": "100 B/s",
    "model": "linear",
}
PAIR = {
    "duration": "20 s",
    "agents": 2,
    "topology": {"kind": "complete"},
    "links": {"transport": "fair", "latency": {"kind": "constant", "value": "0 s"}},
    "devices": [SLOW],
    "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 10}},
    "method": {
        "send": {"rows": 10, "codec": "float32"},
        "gossip": {"every": "10 s", "jitter": 0.0},
        "learn": {"objective": "response", "local_steps": 0, "distill_steps": 0},
    },
}


@pytest.fixture
def edges(tmp_path):
    """Return the dynamics of a file with these lines."""

    def edges(*lines: str, **keys: str) -> dict[str, str]:
        file = tmp_path / "edges.csv"
        file.write_text("\n".join(lines), encoding="utf-8")
        return {"kind": "edge_list", "path": str(file), **keys}

    return edges


def sends(log):
    return [(round(m.sent_s, 6), m.sender, m.receiver) for m in log.of("MessageRecord")]


def test_an_edge_list_tells_whom_to_turn_to(run, edges):
    lines = ["4, 0, 2, up", "12, 0, 1, down"]
    _, log = run(
        PAIR,
        agents=3,
        duration="40 s",
        topology={"kind": "star"},
        dynamics=edges("2, 0, 2, down", *lines),
    )
    for message in log.of("MessageRecord"):
        pair = {message.sender, message.receiver}
        assert pair != {1, 2}
        assert pair != {0, 2} or not 2 < message.sent_s < 4
        assert pair != {0, 1} or message.sent_s < 12
    assert [r.neighbours for r in log.of("AgentRecord")] == [1, 0, 1]


def test_nobody_to_turn_to_is_no_error(run, edges):
    _, log = run(PAIR, dynamics=edges("0, 0, 1, down"))
    assert log.of("MessageRecord") == []


def test_transfers_finish_unless_told_to_abort(run, edges):
    # 184 bytes take 1.84 s alone; every message is sent a full period apart.
    _, whole = run(PAIR)
    first = whole.of("MessageRecord")[0]
    assert (first.status, first.wire_bytes) == ("delivered", 184)
    cut = f"{first.sent_s + 0.5}, 0, 1, down"

    _, log = run(PAIR, dynamics=edges(cut))
    assert log.of("MessageRecord")[0] == first

    _, log = run(PAIR, dynamics=edges(cut, transfers="abort"))
    message = log.of("MessageRecord")[0]
    assert (message.status, message.wire_bytes) == ("aborted", 50)
    assert message.ended_s == pytest.approx(first.sent_s + 0.5)


def test_without_an_edge_nothing_is_sent_where_edges_are_the_network(run, edges):
    method = {**PAIR["method"], "gossip": {**PAIR["method"]["gossip"], "peers": "anyone"}}
    _, log = run(PAIR, method=method, dynamics=edges("0, 0, 1, down", transfers="abort"))
    fates = {(m.status, m.wire_bytes, m.attempts) for m in log.of("MessageRecord")}
    assert fates == {("aborted", 0, 0)}
    _, log = run(PAIR, method=method, dynamics=edges("0, 0, 1, down"))
    assert "delivered" in {m.status for m in log.of("MessageRecord")}


MANY = {
    **PAIR,
    "agents": 20,
    "duration": "5 min",
    "topology": {"kind": "random_regular", "k": 4},
    "links": {"transport": "fair", "latency": {"kind": "constant", "value": "50 ms"}, "loss": 0.1},
}


@pytest.mark.parametrize(
    "dynamics",
    [
        {"kind": "resample", "every": "30 s"},
        {"kind": "random_waypoint", "radius": "300 m", "slowest": "5 m/s", "fastest": "20 m/s"},
        {"kind": "edge_failure", "mean_up": "20 s", "mean_down": "5 s"},
        {"kind": "edge_dropout", "p": 0.5, "every": "10 s", "transfers": "abort"},
    ],
    ids=lambda dynamics: dynamics["kind"],
)
def test_books_balance_and_runs_repeat(run, dynamics):
    simulation, log = run(MANY, dynamics=dynamics)
    assert simulation.graph.changes > 5
    for agent in log.of("AgentRecord"):
        fates = agent.messages_delivered + agent.messages_lost
        fates += agent.messages_aborted + agent.messages_in_flight
        assert agent.messages_sent == fates > 0
    _, again = run(MANY, dynamics=dynamics)
    assert repr(log.records) == repr(again.records)
    if dynamics["kind"] in ("random_waypoint", "edge_failure"):
        assert any(m.status == "aborted" and m.attempts for m in log.of("MessageRecord"))


def test_changes_leave_all_other_randomness_alone(run):
    """Clocks, devices and coins are those of the run whose graph stays."""
    _, still = run(MANY)
    _, moving = run(MANY, dynamics={"kind": "resample", "every": "30 s"})
    assert [s[:2] for s in sends(still) if s[0] < 30] == [s[:2] for s in sends(moving) if s[0] < 30]
    assert {s[:2] for s in sends(still)} == {s[:2] for s in sends(moving)}
    assert sends(still) != sends(moving)


def test_an_outage_of_all_edges_costs_their_share_of_messages(run):
    """With edges up half of the time, half of what the blind sampler sends is refused."""
    method = {**PAIR["method"], "gossip": {**PAIR["method"]["gossip"], "peers": "anyone"}}
    _, log = run(
        MANY,
        agents=30,
        topology={"kind": "complete"},
        method=method,
        links={"transport": "instant", "latency": {"kind": "constant", "value": "0 s"}},
        dynamics={"kind": "edge_failure", "mean_up": "20 s", "mean_down": "20 s"},
    )
    messages = log.of("MessageRecord")
    refused = np.mean([m.status == "aborted" for m in messages])
    assert len(messages) > 800
    assert refused == pytest.approx(1 / 2, abs=4 * 0.5 / len(messages) ** 0.5)
