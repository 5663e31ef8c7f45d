"""`Tcp` behind the transport's protocol: bytes, aborts, outages, kept connections, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.engine.timeline import Timeline
from p2pkd.engine.transport import Tcp
from p2pkd.engine.transport.packets.transport import HANDSHAKE_BYTES, segments
from p2pkd.scenario.link_options import LEAST_QUEUE_BYTES, KeptConnections, QueueDepth
from p2pkd.scenario.links import LinksSpec
from p2pkd.scenario.load import scenario_from_dict

RATE, LATENCY_S = 1e5, 0.02


class Links:
    """Three hosts, 100 kB/s both ways, 20 ms apart."""

    uplink = downlink = np.full(3, RATE)

    def latency(self, a, b):
        return LATENCY_S


@pytest.fixture
def env():
    return Timeline()


def carry(env, tcp, size=10_000, at=0.0, pair=(0, 1), ended=None):
    """Start a transfer at *at*; return a list that it is put in then."""
    found = []

    def done(transfer):
        if ended is not None:
            ended.append(env.now)

    env.timeout(at).callbacks.append(lambda _: found.append(tcp.start(*pair, size, done)))
    return found


def test_every_byte_of_an_undisturbed_message(env):
    ended = []
    tcp = Tcp(env, Links())
    transfer = carry(env, tcp, ended=ended)
    env.run()
    assert len(ended) == 1
    assert transfer[0].resent_bytes == 0
    assert tcp.overhead_bytes(10_000) == 112 + 7 * 52
    assert tcp.crossed(transfer[0]) == 10_000 + tcp.overhead_bytes(10_000)


@pytest.mark.parametrize(("size", "n"), [(0, 1), (1, 1), (1448, 1), (1449, 2), (1_000_000, 691)])
def test_segments(size, n):
    assert segments(size) == n


def test_an_aborted_message_is_charged_for_what_left(env):
    """Ten segments leave in 150 ms; after half of that, as many have gone."""
    ended = []
    tcp = Tcp(env, Links(), track=True)
    found = carry(env, tcp, size=14_480, ended=ended)
    # Two ways and the SYNs, then 15 ms a segment.
    env.timeout(0.0435 + 5 * 0.015).callbacks.append(lambda _: tcp.abort(found[0]))
    env.run(until=0.2)
    assert tcp.crossed(found[0]) == HANDSHAKE_BYTES + 5 * 1500
    assert tcp.transfers_of(0) == []
    env.run()
    assert ended == []


def test_an_outage_is_waited_for(env):
    ended = []
    tcp = Tcp(env, Links())
    carry(env, tcp, size=100_000, ended=ended)
    env.timeout(0.3).callbacks.append(lambda _: tcp.set_rates(1, RATE, 0.0))
    env.timeout(5.0).callbacks.append(lambda _: tcp.set_rates(1, RATE, RATE))
    env.run()
    # Time-outs double meanwhile: it goes on within a few seconds of the link.
    assert 5.0 < ended[0] < 12.0


def test_who_does_not_answer_is_given_up(env):
    ended = []
    tcp = Tcp(env, Links())
    tcp.set_rates(1, RATE, 0.0)
    found = carry(env, tcp, ended=ended)
    env.run()
    assert found[0].failed
    # Six tries more, each after twice the time.
    assert 127.0 <= ended[0] < 132.0
    assert next(env._eid) < 100


def test_kept_connections_are_closed_when_an_end_leaves(env):
    ended = []
    tcp = Tcp(env, Links(), kept_s=100.0)
    for at in (0.0, 2.0, 4.0):
        carry(env, tcp, size=1000, at=at, ended=ended)
    env.timeout(3.0).callbacks.append(lambda _: tcp.forget(1))
    env.run()
    first, second, third = (end - at for end, at in zip(ended, (0.0, 2.0, 4.0), strict=True))
    assert second < first == pytest.approx(third)
    assert first - second > 2 * LATENCY_S


def test_a_connection_each_way(env):
    """What is kept from 0 to 1 serves nothing from 1 to 0."""
    ended = []
    tcp = Tcp(env, Links(), kept_s=100.0)
    carry(env, tcp, size=1000, ended=ended)
    carry(env, tcp, size=1000, at=2.0, pair=(1, 0), ended=ended)
    env.run()
    assert ended[0] == pytest.approx(ended[1] - 2.0)


def test_a_full_queue_drops_and_all_arrives(env):
    ended = []
    transfers = []
    tcp = Tcp(env, Links(), queue=([4500.0] * 3, [4500.0] * 3))
    for source in (0, 1):
        transfers.append(carry(env, tcp, size=300_000, pair=(source, 2), ended=ended))
    env.run()
    assert len(ended) == 2
    assert sum(found[0].resent_bytes for found in transfers) > 0
    # Neither end has more than the link can bring.
    assert max(ended) > 600_000 / RATE * 1500 / 1448


def test_lost_packets_are_sent_again(env):
    rng = np.random.default_rng(0)
    ended = []
    tcp = Tcp(env, Links(), lose=lambda source, target: bool(rng.random() < 0.05))
    found = carry(env, tcp, size=1_000_000, ended=ended)
    env.run()
    assert len(ended) == 1
    assert 0.02e6 < found[0].resent_bytes < 0.2e6


# What a scenario says


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("100 ms", QueueDepth(0.1, LEAST_QUEUE_BYTES)),
        ("48 kB", QueueDepth(0.0, 48_000.0)),
        ("2 s", QueueDepth(2.0, LEAST_QUEUE_BYTES)),
    ],
)
def test_queues_by_time_or_size(text, depth):
    spec = LinksSpec(queue=text)
    assert spec.queue == depth
    assert LinksSpec(queue=spec.model_dump()["queue"]) == spec


def test_defaults():
    spec = LinksSpec(connections="kept")
    assert (spec.transport, spec.congestion) == ("tcp", "cubic")
    assert spec.connections == KeptConnections(idle="5 min")


SCENARIO = {
    "duration": "1 min",
    "agents": 3,
    "topology": "ring",
    "devices": [{"profile": "laptop"}],
    "data": {"dataset": "digits"},
    "method": {"preset": "latest-labels"},
}


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ({"queue": "10 ms", "transport": "fair"}, "queue: only with transport: tcp"),
        ({"queue": "1 kB"}, "at least 1500 B"),
        ({"queue": "fast"}, "a time or a size, like '100 ms' or '48 kB'"),
        ({"queue": "2 h"}, "at most 1 h"),
        ({"connections": "kept", "transport": "fifo"}, "connections: only with transport: tcp"),
        ({"congestion": "reno", "transport": "fair"}, "congestion: only with transport: tcp"),
        ({"slow_start": True}, "slow_start: only with transport: fair"),
        ({"window": "64 kB"}, "window: only with transport: fair"),
        ({"packets": {"loss": 0.1, "mtu": "1 kB"}}, "packets.mtu: transport tcp has segments"),
        ({"packets": {"loss": 0.1, "resend": False}}, "packets.resend: transport tcp sends again"),
        ({"transport": "fifo", "outages": [{"at": "1 s", "lasts": "1 s", "share": 1}]}, "tcp or"),
    ],
)
def test_what_does_not_go_together_is_named(links, words):
    with pytest.raises(ScenarioError) as error:
        scenario_from_dict({**SCENARIO, "links": links})
    assert words in str(error.value)
