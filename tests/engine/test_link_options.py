"""Options of links, each against what it must do to one message, or to many."""

import math
from itertools import pairwise

import books
import numpy as np
import pytest
from test_churn import BASE, PREDICT_S, TRAIN_S

from p2pkd.core.errors import InputError, ScenarioError

SENT_S = TRAIN_S + PREDICT_S
SIZE = 10 * 3 * 4 + 64  # 184 bytes at 100 B/s: 1.84 s
IDLE_S = 0.05 + SIZE / 100


def first(log):
    """Return how long each message of the first round took."""
    return [m.ended_s - m.sent_s for m in log.of("MessageRecord") if m.sent_s < 15]


def fair(**links):
    return {**BASE["links"], "transport": "fair", **links}


def test_nothing(run):
    _, log = run(BASE, links=fair())
    assert first(log) == pytest.approx([IDLE_S] * 3)


def test_window(run):
    """8 bytes a round trip of .1 s."""
    _, log = run(BASE, links=fair(window="8 B"))
    assert first(log) == pytest.approx([0.05 + SIZE / 80] * 3)


def test_slow_start(run):
    """184 bytes are less than a first window: no stall.  A large message stalls."""
    _, log = run(BASE, links=fair(slow_start=True))
    assert first(log) == pytest.approx([IDLE_S] * 3)
    fast = [{**BASE["devices"][0], "uplink": "10 MB/s", "downlink": "10 MB/s"}]
    _, log = run(BASE, links=fair(slow_start=True, header="20 kB"), devices=fast)
    window, size = 14_600, SIZE - 64 + 20_000
    assert first(log) == pytest.approx([0.05 + size / 1e7 + 0.1 - window / 1e7] * 3)


def test_jitter_moves_each_message(run):
    method = {**BASE["method"], "gossip": {**BASE["method"]["gossip"], "every": "3 s"}}
    for transport in ("fair", "fifo", "instant"):
        links = fair(
            jitter=0.5,
            transport=transport,
            uplink="1 GB/s",
            downlink="1 GB/s",
            latency={"kind": "constant", "value": "100 ms"},
        )
        _, log = run(BASE, links=links, method=method, duration="10 min")
        delays = np.array([m.ended_s - m.sent_s for m in log.of("MessageRecord")])
        assert 0.05 <= delays.min() < 0.055 < 0.145 < delays.max() <= 0.1501
        assert delays.mean() == pytest.approx(0.1, abs=4 * 0.0289 / math.sqrt(len(delays)))


def test_jitter_shifts_no_other_stream(run):
    """Who is lost does not depend on jitter."""
    lost = []
    for jitter in (0.0, 0.9):
        _, log = run(BASE, links=fair(loss=0.5, jitter=jitter))
        lost.append({m.message for m in log.of("MessageRecord") if m.status == "lost"})
    assert lost[0] == lost[1] != set()


METHOD = {**BASE["method"], "gossip": {"protocol": "push", "every": "1 s"}}
FAST = [{**BASE["devices"][0], "flops": "1 GFLOP/s", "uplink": "1 MB/s", "downlink": "1 MB/s"}]
BUSY = {"duration": "20 min", "method": METHOD, "devices": FAST}


def test_lost_packets_lose_messages(run):
    """Four packets of 50 bytes: a message survives with .9^4."""
    packets = {"loss": 0.1, "mtu": "50 B", "resend": False}
    simulation, log = run(BASE, **BUSY, links=fair(packets=packets))
    messages = log.of("MessageRecord")
    arrived = np.mean([m.status == "delivered" for m in messages])
    expected = 0.9**4
    error = math.sqrt(expected * (1 - expected) / len(messages))
    assert arrived == pytest.approx(expected, abs=4 * error)
    assert {m.retransmitted_bytes for m in messages} == {0}
    books.check(simulation, log)


def test_lost_packets_are_resent(run):
    """n packets need n p / (1 - p) more on average, in bytes and in time."""
    packets = {"loss": 0.2, "mtu": "46 B"}
    simulation, log = run(BASE, **BUSY, links=fair(packets=packets))
    messages = log.of("MessageRecord")
    assert {m.status for m in messages} == {"delivered"}
    resent = np.array([m.retransmitted_bytes for m in messages])
    assert set(resent % 46) == {0}
    assert resent.mean() == pytest.approx(4 * 46 * 0.25, rel=0.05)
    least = min(m.ended_s - m.sent_s for m in messages if m.retransmitted_bytes == 92)
    assert least == pytest.approx(0.05 + (SIZE + 92) / 1e6)
    books.check(simulation, log)


def test_resent_packets_are_charged_as_far_as_they_came(run):
    """Cut off 3 s after joining, at 100 B/s: 184 bytes of the message, and the rest resent."""
    packets = {"loss": 0.9, "mtu": "46 B"}
    failure = {"at": f"{SENT_S + 0.05 + 3} s", "agents": [0, 1, 2]}
    simulation, log = run(BASE, links=fair(packets=packets), churn={"failures": [failure]})
    messages = log.of("MessageRecord")
    assert {m.status for m in messages} == {"aborted"}
    assert [(m.wire_bytes, m.retransmitted_bytes) for m in messages] == [(300, 300 - SIZE)] * 3
    books.check(simulation, log)


def test_an_outage_halts_transfers(run):
    """For 10 s, from 1 s before the end: all three, as each loses its sender or its receiver."""
    outage = {"at": f"{SENT_S + IDLE_S - 1} s", "lasts": "10 s"}
    _, log = run(BASE, links=fair(outages=[{**outage, "agents": [0, 1]}]))
    assert first(log) == pytest.approx([IDLE_S + 10] * 3)
    _, log = run(BASE, links=fair(outages=[{**outage, "share": "34 %"}]))
    assert sorted(first(log)) == pytest.approx([IDLE_S, IDLE_S + 10, IDLE_S + 10])


def test_a_daily_curve(run):
    """Full rate for 2 s, then half: bytes as the integral of the rate."""
    links = fair(variation={"kind": "daily", "factors": [1, 0.5, 0.5, 0.5], "day": "8 s"})
    _, log = run(BASE, links=links)
    joined = SENT_S + 0.05
    assert joined < 2 < joined + 1.84 < 4
    expected = 2 + (SIZE - 100 * (2 - joined)) / 50
    assert [m.ended_s for m in log.of("MessageRecord")[:3]] == pytest.approx([expected] * 3)


def test_a_trace_of_rates(run, tmp_path):
    """Agent 0 is slower from 2 s on; the file's unit is the kilobyte."""
    path = tmp_path / "rates.csv"
    path.write_text("time, id, uplink, downlink\n0, 0, .1, .1\n2, 0, 50 B/s, 0.02\n")
    variation = {"kind": "trace", "path": str(path), "unit": "1 kB/s"}
    _, log = run(BASE, links=fair(variation=variation))
    left = SIZE - 100 * (2 - SENT_S - 0.05)
    times = {m.sender: m for m in log.of("MessageRecord") if m.sent_s < 15}
    assert times[0].ended_s == pytest.approx(2 + left / 50)
    (into,) = [m for m in times.values() if m.receiver == 0]
    assert into.ended_s == pytest.approx(2 + left / 20)


def test_a_radio_that_sleeps(run):
    """Half of each second: what crosses takes about twice as long."""
    device = {**BASE["devices"][0], "duty": {"period": "200 ms", "share": 0.5, "radio": True}}
    devices = [{**device, "flops": "1 MFLOP/s"}]
    simulation, log = run(BASE, links=fair(), devices=devices)
    books.check_messages(log.of("MessageRecord"))
    done = [m for m in log.of("MessageRecord") if m.status == "delivered"]
    # Both ends must be awake at once, which chance may never let them be.
    assert done
    assert all(m.ended_s - m.sent_s >= 2 * SIZE / 100 - 0.2 for m in done)
    assert simulation.capacity is not None


def test_a_backbone(run):
    """Three messages share 90 B/s."""
    links = fair(core=[{"name": "backbone", "rate": "90 B/s"}])
    _, log = run(BASE, links=links)
    assert first(log) == pytest.approx([0.05 + SIZE / 30] * 3)


def test_the_line_of_a_site(run):
    """Agents 0 and 1 share 50 B/s to the others, each way."""
    links = fair(core=[{"name": "site", "rate": "50 B/s", "agents": [0, 1]}])
    _, log = run(BASE, links=links)
    for m in log.of("MessageRecord")[:3]:
        inside = {m.sender, m.receiver} == {0, 1}
        assert m.ended_s - m.sent_s == pytest.approx(0.05 + SIZE / (100 if inside else 50))


GRAPH = """
a b bandwidth="40 B/s"
b c bandwidth="20 B/s"
c d
"""


def test_edges_with_a_bandwidth(run, tmp_path):
    """On a path each message is held to its edge; both directions have their own."""
    (tmp_path / "path.edgelist").write_text(GRAPH)
    graph = {"kind": "file", "path": str(tmp_path / "path.edgelist")}
    method = {**BASE["method"], "gossip": {**BASE["method"]["gossip"], "fanout": "all"}}
    device = [{**BASE["devices"][0], "uplink": "1 kB/s", "downlink": "1 kB/s"}]
    _, log = run(
        BASE,
        agents=4,
        topology=graph,
        links=fair(along_edges=True),
        method=method,
        devices=device,
    )
    rate = {(0, 1): 40, (1, 2): 20}
    for m in log.of("MessageRecord")[:6]:
        pair = (min(m.sender, m.receiver), max(m.sender, m.receiver))
        if pair in rate:
            assert m.ended_s - m.sent_s == pytest.approx(0.05 + SIZE / rate[pair])


def test_shortest_paths(tmp_path):
    from p2pkd.engine.core_links import make_shared_links
    from p2pkd.scenario.links import LinksSpec
    from p2pkd.scenario.topology import Ring
    from p2pkd.world.topology import Topology

    ring = Topology.from_edges(5, range(5), [1, 2, 3, 4, 0], bandwidth=np.full(5, 10.0))
    shared = make_shared_links(LinksSpec(transport="fair", along_edges=True), Ring(), ring)
    edge = ring.edge
    assert shared.route(0, 2) == (edge(0, 1), edge(1, 2))
    assert shared.route(2, 0) == (edge(2, 1), edge(1, 0))
    assert shared.route(4, 0) == (edge(4, 0),)
    latency = np.array([5.0, 1, 1, 1, 1])
    slow = Topology.from_edges(
        5, range(5), [1, 2, 3, 4, 0], bandwidth=np.full(5, 10.0), latency_s=latency
    )
    shared = make_shared_links(LinksSpec(transport="fair", along_edges=True), Ring(), slow)
    assert shared.route(0, 1) == tuple(slow.edge(a, b) for a, b in pairwise([0, 4, 3, 2, 1]))


def test_a_download_comes_first(run):
    """Ten rows of four numbers, 160 bytes at 100 B/s: 1.6 s, and its energy, once each."""
    data = {**BASE["data"], "reference": {"rows": 10, "delivery": "download"}}
    device = [{**BASE["devices"][0], "radio_energy": "1 J/B"}]
    _, log = run(BASE, data=data, devices=device)
    assert min(c.started_s for c in log.of("ComputeRecord")) == 1.6
    for agent in log.of("AgentRecord"):
        assert agent.setup_bytes == 160
        radio = agent.wire_bytes + agent.received_bytes + 160
        assert agent.radio_energy_j == pytest.approx(radio)


def test_a_download_delays_each_agent_by_its_own_link(run):
    data = {**BASE["data"], "reference": {"rows": 10, "delivery": "download"}}
    method = {**BASE["method"], "gossip": {"every": "9 s"}}
    starts = []
    for values in (BASE["data"], data):
        _, log = run(BASE, data=values, method=method)
        began = {c.agent: c.started_s for c in reversed(log.of("ComputeRecord"))}
        starts.append([began[i] for i in range(3)])
    assert np.subtract(*reversed(starts)) == pytest.approx([1.6] * 3)


@pytest.mark.parametrize(
    ("links", "error", "words"),
    [
        ({"outages": [{"at": "1 s", "lasts": "1 s", "agents": [3]}]}, InputError, "no agent 3"),
        ({"core": [{"name": "x", "rate": "1 B/s", "agents": [9]}]}, InputError, "no agent 9"),
        ({"core": [{"name": "x", "rate": "1 B/s", "cluster": 0}]}, InputError, "no clusters"),
        ({"along_edges": True}, InputError, "no edge of this graph has a bandwidth"),
        ({"transport": "fifo", "window": "1 kB"}, ScenarioError, "only with transport: fair"),
        ({"transport": "tcp", "window": "1 kB"}, ScenarioError, "window: only with .*fair"),
        ({"transport": "tcp", "slow_start": True}, ScenarioError, "slow_start: only with .*fair"),
        ({"transport": "tcp", "along_edges": True}, ScenarioError, "along_edges: only with"),
        (
            {"transport": "tcp", "core": [{"name": "x", "rate": "1 B/s"}]},
            ScenarioError,
            "core: only with transport: fair",
        ),
        ({"transport": "tcp", "packets": {"loss": 0.1, "mtu": "40 B"}}, ScenarioError, "1,448"),
        ({"transport": "tcp", "packets": {"loss": 0.1, "resend": False}}, ScenarioError, "resend"),
        ({"queue": "48 kB"}, ScenarioError, "queue: only with transport: tcp"),
        ({"connections": "kept"}, ScenarioError, "connections: only with transport: tcp"),
        ({"congestion": "reno"}, ScenarioError, "congestion: only with transport: tcp"),
        ({"transport": "tcp", "queue": "0 s"}, ScenarioError, "above 0 s and at most 1 h"),
        ({"transport": "tcp", "queue": "1 kB"}, ScenarioError, "at least 1500 B"),
        ({"transport": "tcp", "queue": 5}, ScenarioError, "'100 ms' or '48 kB'"),
        ({"transport": "tcp", "congestion": "bbr"}, ScenarioError, "cubic.*reno"),
    ],
)
def test_wrong_options_are_refused(run, links, error, words):
    with pytest.raises(error, match=words):
        run(BASE, links=fair(**links))


def test_a_network_of_half_the_rate_and_twice_the_delay(run):
    """Core links and changing rates are scaled with the others."""
    scale = {"latency": 2, "rate": 0.5}
    _, log = run(BASE, links=fair(scale=scale))
    assert first(log) == pytest.approx([2 * IDLE_S] * 3)
    core = [{"name": "backbone", "rate": "60 B/s"}]
    _, said = run(BASE, links=fair(core=core))
    _, log = run(BASE, links=fair(core=core, scale=scale))
    assert first(log) == pytest.approx([2 * each for each in first(said)])


def test_tcp_gives_up_what_nobody_answers(run):
    """An outage of an hour: messages are aborted, and rounds go on without them."""
    links = {
        **BASE["links"],
        "transport": "tcp",
        "uplink": "100 kB/s",
        "downlink": "100 kB/s",
        "outages": [{"at": "1 s", "lasts": "1 h", "agents": [0]}],
    }
    simulation, log = run(BASE, links=links, duration="20 min")
    books.check(simulation, log)
    mine = [m for m in log.of("MessageRecord") if 0 in (m.sender, m.receiver)]
    assert {m.status for m in mine} <= {"aborted", "in_flight"}
    first = mine[0]
    assert first.status == "aborted"
    assert 127 <= first.ended_s - first.sent_s < 127 * 9 / 8
    later = [m for m in log.of("MessageRecord") if m.sent_s > first.ended_s]
    assert any(m.status == "delivered" for m in later)


@pytest.mark.parametrize("connections", ["new", "kept"])
def test_kept_tcp_connections_spare_the_handshakes(run, connections):
    links = {
        **BASE["links"],
        "transport": "tcp",
        "connections": connections,
        "uplink": "100 kB/s",
        "downlink": "100 kB/s",
    }
    _, log = run(BASE, links=links)
    spans = [m.ended_s - m.sent_s for m in log.of("MessageRecord") if m.status == "delivered"]
    assert max(spans) > 0.15
    assert min(spans) < 0.1 if connections == "kept" else min(spans) > 0.15
