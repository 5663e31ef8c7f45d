"""TCP behind the transport protocol: closed forms, aborts, outages, what is kept or given up."""

from math import ceil

import pytest

from p2pkd.engine.transport import Tcp
from p2pkd.engine.transport.packets.transport import QueueLimit

RATE, LATENCY_S = 1e6, 0.05
TURN_S = 0.0001
HANDSHAKE_S = 2 * LATENCY_S + 4 * 60 / RATE + TURN_S


def wire_bytes(size):
    return size + 52 * max(1, ceil(size / 1448))


def on_its_way_s(size):
    """Return the seconds of a first window: store and forward, headers and all."""
    return LATENCY_S + (wire_bytes(size) + min(size, 1448) + 52) / RATE


@pytest.fixture
def net(env, links):
    return lambda n=2, rate=RATE, **options: Tcp(
        env, links(rate, n=n, latency_s=LATENCY_S), **options
    )


@pytest.mark.parametrize("size", [0, 1, 1448, 1449, 14480])
def test_a_message_of_one_window(net, wire, env, size):
    line = wire(net())
    transfer = line.send("m", 0, 1, size)
    env.run()
    assert line.ends["m"] == pytest.approx(HANDSHAKE_S + on_its_way_s(size), abs=1e-12)
    assert transfer.resent_bytes == 0
    assert line.transport.crossed(transfer) == size + line.transport.overhead_bytes(size)
    assert line.transport.overhead_bytes(size) == 112 + wire_bytes(size) - size


def test_extra_latency_is_the_data_s_alone(net, wire, env):
    line = wire(net())
    line.send("m", 0, 1, 1000, extra_latency_s=0.3)
    env.run()
    assert line.ends["m"] == pytest.approx(HANDSHAKE_S + 0.3 + on_its_way_s(1000))


def test_a_kept_connection_shakes_hands_once_and_ends_when_idle(net, wire, env):
    line = wire(net(kept_s=10.0))
    for at in (0, 5, 14.9, 30):
        line.send(at, 0, 1, 1000, at=at)
    env.run()
    took = {at: end - at for at, end in line.ends.items()}
    for at in (0, 30):
        assert took[at] == pytest.approx(HANDSHAKE_S + on_its_way_s(1000))
    assert took[5] == pytest.approx(on_its_way_s(1000))
    assert took[14.9] == pytest.approx(on_its_way_s(1000))


def test_slow_start_begins_anew_after_a_time_out_of_idle_time(net, wire, env):
    line, fast = wire(net(rate=1e9, kept_s=60.0)), LATENCY_S
    size = 30 * 1448  # windows of 10 and 20
    line.send("first", 0, 1, size)
    line.send("soon", 0, 1, size, at=0.45)
    line.send("late", 0, 1, size, at=5)
    env.run()
    assert line.ends["first"] == pytest.approx(5 * fast, abs=0.001)
    assert line.ends["soon"] - 0.45 == pytest.approx(fast, abs=0.001)
    assert line.ends["late"] - 5 == pytest.approx(3 * fast, abs=0.001)


def test_an_abort_frees_nothing_that_was_sent_and_calls_nobody(net, wire, env):
    line = wire(net(track=True))
    transfer = line.send("m", 0, 1, 14480)
    line.at(0.105, lambda: line.transport.abort(transfer))
    env.run()
    assert not line.log
    assert not line.transport.transfers_of(0)
    # Data begin at .1003 s; what is on the wire in part has not crossed yet.
    left = (0.105 - 0.1 - 2 * 120 / RATE - TURN_S - 52 / RATE) * RATE // 1500 * 1500
    assert line.transport.crossed(transfer) == pytest.approx(112 + left, abs=1500)


def test_others_on_a_kept_connection_begin_anew_after_an_abort(net, wire, env):
    line = wire(net(kept_s=10.0))
    first = line.send("first", 0, 1, 100_000)
    line.send("second", 0, 1, 1000, at=0.01)
    line.at(0.12, lambda: line.transport.abort(first))
    env.run()
    assert list(line.ends) == ["second"]
    assert 0.12 + HANDSHAKE_S < line.ends["second"] < 0.12 + HANDSHAKE_S + 0.1


def test_an_outage_is_waited_for(net, wire, env):
    line = wire(net())
    line.send("m", 0, 1, 10_000)
    line.at(0.01, lambda: line.transport.set_rates(1, 0.0, 0.0))
    line.at(20.0, lambda: line.transport.set_rates(1, RATE, RATE))
    env.run()
    assert 20.0 < line.ends["m"] < 60.0


@pytest.mark.parametrize(("at", "gives_up_s"), [(0.01, 127.0), (0.15, 924.6)])
def test_a_dead_link_is_given_up(net, wire, env, at, gives_up_s):
    """An unanswered handshake after 127 s; data at the first time-out after 924.6 s."""
    line = wire(net(track=True))
    transfer = line.send("m", 0, 1, 100_000)
    line.at(at, lambda: line.transport.set_rates(1, 0.0, 0.0))
    env.run()
    assert transfer.failed
    assert not transfer.live
    assert not line.transport.transfers_of(1)
    assert gives_up_s <= line.ends["m"] < gives_up_s + 125
    if at < 0.1:
        # Seven timers, each as late as the timer wheel lets it be.
        assert line.ends["m"] < gives_up_s + 5
    assert line.transport.crossed(transfer) >= 112


def test_what_does_not_fit_is_dropped_and_sent_again(net, wire, env):
    line = wire(net(3, queue=QueueLimit(0.0, 3000.0)))
    one = line.send("one", 0, 1, 20_000)
    two = line.send("two", 2, 1, 20_000)
    env.run()
    assert set(line.ends) == {"one", "two"}
    assert one.resent_bytes + two.resent_bytes >= 1500
    for transfer in (one, two):
        overhead = line.transport.overhead_bytes(20_000)
        assert line.transport.crossed(transfer) == 20_000 + overhead + transfer.resent_bytes


def test_lost_packets_are_sent_again(net, wire, env):
    lost = iter([False, False, False, True])
    line = wire(net(lose=lambda source, target: next(lost, False)))
    transfer = line.send("m", 0, 1, 1000)
    env.run()
    assert transfer.resent_bytes == 1052
    assert line.ends["m"] > HANDSHAKE_S + on_its_way_s(1000) + 0.2
