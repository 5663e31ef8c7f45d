"""Queues at the senders, and limits of their rate, told message by message."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.engine.message import Contents, Message
from p2pkd.engine.outbox import Outbox
from p2pkd.gossip.flow import RateLimit
from p2pkd.scenario.method import QueueSpec


class Wire:
    """Takes messages for *seconds* each, all at once, and logs what happens to them."""

    def __init__(self, seconds: float, pace=None, queue=None):
        self.env = simpy.Environment()
        self.seconds = seconds
        self.log = []
        self.names = {}
        self.outbox = Outbox(self.env, 1, pace, queue, self.transmit, self.drop)

    def send(self, name, size=100):
        message = Message(0, 1, Contents("x", size_bytes=size), asks=False, replies_to=-1)
        self.names[message] = name
        self.outbox.put(message)

    def transmit(self, message):
        message.attempts += 1
        self.log.append((round(self.env.now, 6), "leaves", self.names[message]))
        done = self.env.timeout(self.seconds)
        done.callbacks.append(lambda _: self.outbox.over(message))

    def drop(self, message):
        self.log.append((self.env.now, "dropped", self.names[message]))
        self.outbox.over(message)


def at_once(wire, *names):
    for name in names:
        wire.send(name)
    wire.env.run()
    return wire.log


def test_one_at_a_time_and_the_oldest_dropped():
    wire = Wire(2.0, queue=QueueSpec(limit=2))
    assert at_once(wire, *"abcde") == [
        (0.0, "leaves", "a"),
        (0.0, "dropped", "b"),
        (0.0, "dropped", "c"),
        (2.0, "leaves", "d"),
        (4.0, "leaves", "e"),
    ]


def test_two_at_a_time_and_the_newest_dropped():
    wire = Wire(2.0, queue=QueueSpec(limit=1, drop="newest", at_once=2))
    assert at_once(wire, *"abcd") == [
        (0.0, "leaves", "a"),
        (0.0, "leaves", "b"),
        (0.0, "dropped", "d"),
        (2.0, "leaves", "c"),
    ]


def test_so_many_messages_in_a_time():
    wire = Wire(0.0, pace=RateLimit(messages=4, per="1 min"))
    assert at_once(wire, *"abc") == [(0, "leaves", "a"), (15, "leaves", "b"), (30, "leaves", "c")]


def test_so_many_bytes_in_a_time():
    wire = Wire(0.0, pace=RateLimit(rate="50 B/s"))
    for name, size in (("a", 100), ("b", 25), ("c", 1)):
        wire.send(name, size)
    wire.env.run()
    assert wire.log == [(0, "leaves", "a"), (2, "leaves", "b"), (2.5, "leaves", "c")]


def test_a_burst_after_silence():
    wire = Wire(0.0, pace=RateLimit(messages=1, per="10 s", burst="20 s"))
    wire.env.run(until=100)
    assert at_once(wire, *"abcde") == [
        (100, "leaves", "a"),
        (100, "leaves", "b"),
        (100, "leaves", "c"),
        (110, "leaves", "d"),
        (120, "leaves", "e"),
    ]


def test_who_is_aborted_in_the_queue_leaves_it():
    wire = Wire(1.0, queue=QueueSpec(limit=9))
    for name in "abc":
        wire.send(name)
    waiting = list(wire.outbox.waiting[0])
    wire.outbox.over(waiting[0])
    wire.env.run()
    assert wire.log == [(0, "leaves", "a"), (1, "leaves", "c")]


@given(
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=40),
    per_s=st.floats(0.5, 20),
    burst_s=st.floats(0, 40),
    limit=st.none() | st.integers(1, 5),
)
def test_no_window_of_time_sees_more_than_its_rate_and_a_burst(gaps, per_s, burst_s, limit):
    pace = RateLimit(messages=1, per=f"{per_s} s", burst=f"{burst_s} s")
    queue = None if limit is None else QueueSpec(limit=limit, at_once=99)
    wire = Wire(0.0, pace=pace, queue=queue)

    def source():
        for number, gap in enumerate(gaps):
            yield wire.env.timeout(gap)
            wire.send(number)

    wire.env.process(source())
    wire.env.run()
    left = [time for time, what, _ in wire.log if what == "leaves"]
    dropped = [what for _, what, _ in wire.log if what == "dropped"]
    assert len(left) + len(dropped) == len(gaps)
    assert limit is not None or not dropped
    for i, begin in enumerate(left):
        for j in range(i, len(left)):
            # The log's times are rounded to a millionth of a second.
            assert j - i + 1 <= (left[j] - begin + 2e-6 + burst_s) / per_s + 1 + 1e-6


SLOW = {
    "name": "toy",
    "flops": "1 GFLOP/s",
    "memory": "1 MB",
    "uplink": "100 B/s",
    "downlink": "1 kB/s",
    "model": "linear",
}
HUB = {
    "duration": "100 s",
    "agents": 6,
    "topology": {"kind": "star"},
    "links": {"transport": "fair", "latency": {"kind": "constant", "value": "0 s"}},
    "devices": [SLOW],
    "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 10}},
    "method": {
        "send": {"rows": 10, "codec": "float32"},
        "gossip": {"every": "10 s", "jitter": 0.0, "fanout": "all"},
        "learn": {"objective": "response", "local_steps": 0, "distill_steps": 0},
    },
}


def gossip(**changes):
    return {**HUB["method"], "gossip": {**HUB["method"]["gossip"], **changes}}


def of_hub(log):
    messages = [m for m in log.of("MessageRecord") if m.sender == 0]
    return SimpleNamespace(
        delivered=[m for m in messages if m.status == "delivered"],
        dropped=[m for m in messages if m.status == "aborted"],
        messages=messages,
    )


def test_back_pressure_in_a_run(run):
    # The hub says 184 bytes to five leaves every 10 s: 9.2 s on the wire, one after another.
    _, log = run(HUB, method=gossip(queue={"limit": 2, "drop": "newest"}))
    hub = of_hub(log)
    assert len(hub.messages) == 50
    assert len(hub.dropped) == 20
    assert {(m.attempts, m.wire_bytes, m.payload_bytes) for m in hub.dropped} == {(0, 0, 120)}
    round_ = hub.delivered[:3]
    waits = [m.ended_s - m.sent_s for m in round_]
    assert waits == pytest.approx([1.84, 3.68, 5.52])
    agent = log.of("AgentRecord")[0]
    assert agent.messages_aborted == 20
    assert agent.messages_sent == 50


def test_a_rate_limit_in_a_run(run):
    flow = {"kind": "rate_limit", "rate": "23 B/s"}
    _, log = run(HUB, method=gossip(flow=flow))
    times = sorted(m.ended_s for m in of_hub(log).delivered)
    # 184 bytes at 23 B/s: one every 8 s, and the rest still waits at the end.
    assert [b - a for a, b in pairwise(times)] == pytest.approx([8.0] * (len(times) - 1))
    assert {m.status for m in of_hub(log).messages} == {"delivered", "in_flight"}


TOKENS = {
    **HUB,
    "agents": 30,
    "duration": "400 s",
    "topology": {"kind": "random_regular", "k": 6},
    "devices": [{**SLOW, "uplink": "1 MB/s", "downlink": "1 MB/s"}],
}


@pytest.mark.parametrize("kind", ["simple_tokens", "generalised_tokens", "randomised_tokens"])
def test_tokens_in_a_run(run, kind):
    method = gossip(fanout=1, flow={"kind": kind, "capacity": 5})
    simulation, log = run(TOKENS, method=method)
    sent = [a.messages_sent for a in log.of("AgentRecord")]
    # Forty ticks each: a message or a token for every one.
    assert [s + t for s, t in zip(sent, simulation.shared.tokens.tokens, strict=True)] == [40] * 30
    assert sum(sent) > 30 * 34
    # Some speak upon what they hear, and not at their tick.
    predict_s = 10 * simulation.profile.flops_forward[0] / 1e9
    heard = {(m.receiver, round(m.ended_s + predict_s, 9)) for m in log.of("MessageRecord")}
    reactions = [m for m in log.of("MessageRecord") if (m.sender, round(m.sent_s, 9)) in heard]
    assert len(reactions) > 30
