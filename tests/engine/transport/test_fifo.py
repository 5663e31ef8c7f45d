import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy import Environment
from wires import PlainLinks, Wire

from p2pkd.engine.transport import Fifo

MB = 1e6


def test_an_idle_message_takes_latency_and_the_slower_link(env, links, wire):
    net = wire(Fifo(env, links([2, 9, 1, 9], [9, 1, 9, 4], latency_s=0.5)))
    net.send("down is slower", 0, 1, 10)
    net.send("up is slower", 2, 3, 10)
    env.run()
    assert net.log == [(10.5, "down is slower"), (10.5, "up is slower")]


def test_an_uplink_serves_one_message_after_another(env, links, wire):
    net = wire(Fifo(env, links([1, 9, 9], latency_s=0.5)))
    for name, target in [("a", 1), ("b", 2), ("c", 1)]:
        net.send(name, 0, target, 2)
    net.send("after a pause", 0, 1, 2, at=10.0)
    env.run()
    assert net.log == [(2.5, "a"), (4.5, "b"), (6.5, "c"), (12.5, "after a pause")]


def test_a_downlink_is_reserved_in_order_of_sending(env, links, wire):
    far = {(0, 2): 5.0}
    net = wire(Fifo(env, links([9, 9, 1], latency_s=1.0, pairs=far)))
    net.send("sent first, far", 0, 2, 3)
    net.send("sent second, near", 1, 2, 3)
    env.run()
    assert net.log == [(8.0, "sent first, far"), (11.0, "sent second, near")]


def test_propagation_occupies_no_link(env, links, wire):
    # 10 kB on 100 Mbit/s with 50 ms: 1,250 messages/s, not 20.
    net = wire(Fifo(env, links(12.5 * MB, n=2, latency_s=0.05)))
    for i in range(1250):
        net.send(i, 0, 1, 10_000)
    env.run()
    assert env.now == pytest.approx(1.05)
    assert [name for _, name in net.log] == list(range(1250))


def test_infinite_links_and_empty_messages(env, links, wire):
    net = wire(Fifo(env, links([math.inf, math.inf, 1], latency_s=0.5)))
    net.send("infinite", 0, 1, 1e9)
    net.send("empty", 2, 1, 0)
    env.run()
    assert net.log == [(0.5, "infinite"), (0.5, "empty")]


def test_crossed_follows_the_uplink(env, links, wire):
    net = wire(Fifo(env, links([2, 1, 1], latency_s=1.0)))
    net.send("before", 0, 1, 4)
    transfer = net.send("x", 0, 2, 10)
    seen = []
    for time in (1, 2, 3, 7, 8):
        net.at(time, lambda: seen.append((env.now, net.transport.crossed(transfer))))
    env.run()
    assert seen == [(1, 0), (2, 0), (3, 2), (7, 10), (8, 10)]
    assert net.transport.crossed(transfer) == 10


def test_abort_charges_what_crossed_and_frees_both_links(env, links, wire):
    net = wire(Fifo(env, links(1.0, n=3, latency_s=0.5), track=True))
    transfer = net.send("aborted", 0, 1, 10)

    def leave():
        for each in net.transport.transfers_of(1):
            net.transport.abort(each)
        net.send("same sender", 0, 2, 1)
        net.send("same receiver", 2, 1, 1)

    net.at(4, leave)
    env.run()
    assert net.log == [(5.5, "same sender"), (5.5, "same receiver")]
    assert net.transport.crossed(transfer) == 4
    assert not transfer.live


def test_abort_in_the_middle_moves_no_other_booking(env, links, wire):
    net = wire(Fifo(env, links(1.0, n=3), track=True))
    middle = [net.send(i, 0, 1, 2) for i in range(3)][1]
    net.transport.abort(middle)
    net.send("next", 0, 2, 2)
    env.run()
    assert net.log == [(2, 0), (6, 2), (8, "next")]
    assert net.transport.crossed(middle) == 0


def test_a_node_that_leaves_has_idle_links_whatever_the_order_of_aborts(env, links, wire):
    for order in (1, -1):
        net = wire(Fifo(env, links(1.0, n=3), track=True))
        for i in range(3):
            net.send(i, 0, 1, 2)
        for each in net.transport.transfers_of(0)[::order]:
            net.transport.abort(each)
        begin = env.now
        net.send("alone", 0, 1, 2)
        env.run()
        assert net.log == [(begin + 2, "alone")]
        assert net.transport.transfers_of(0) == []


def test_new_rates_are_for_later_messages(env, links, wire):
    net = wire(Fifo(env, links(1.0, n=2)))
    net.send("before", 0, 1, 4)
    net.at(1, lambda: net.transport.set_rates(0, 4.0, 4.0))
    net.at(1, lambda: net.transport.set_rates(1, 4.0, 4.0))
    net.send("after", 0, 1, 4, at=2)
    env.run()
    assert net.log == [(4, "before"), (5, "after")]


def test_a_rate_must_be_positive(env, links):
    with pytest.raises(ValueError, match=r"uplink of node 1 \(=0.0 bytes/s\) must be above 0"):
        Fifo(env, links([1, 0]))
    with pytest.raises(ValueError, match="downlink of node 0"):
        Fifo(env, links([1, 1])).set_rates(0, 1, -2)


messages = st.lists(
    st.tuples(
        st.floats(0, 5),
        st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda pair: pair[0] != pair[1]),
        st.floats(0, 1e3),
    ),
    max_size=25,
)


@settings(max_examples=50, deadline=None)
@given(messages, st.lists(st.floats(1, 1e3), min_size=8, max_size=8))
def test_the_trace_is_the_formula(plan, rates):
    env = Environment()
    links = PlainLinks(rates[:4], rates[4:], 0.25)
    net = Wire(env, Fifo(env, links))
    free_up, free_down, expected = [0.0] * 4, [0.0] * 4, {}
    for i, (time, (a, b), size) in enumerate(sorted(plan)):
        net.send(i, a, b, size, at=time)
        start = max(time, free_up[a])
        free_up[a] = start + size / rates[a]
        first = max(start + 0.25, free_down[b])
        expected[i] = free_down[b] = max(free_up[a] + 0.25, first + size / rates[4 + b])
    env.run()
    assert net.ends == pytest.approx(expected)
