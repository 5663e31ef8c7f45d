import pytest

from p2pkd.engine.transport import Instant


def test_size_and_bandwidth_do_not_matter(env, links, wire):
    net = wire(Instant(env, links(1.0, n=3, latency_s=0.5)))
    net.send("big", 0, 1, 1e12)
    net.send("small", 2, 1, 0)
    net.send("far", 0, 2, 1, extra_latency_s=1.0)
    env.run()
    assert net.log == [(0.5, "big"), (0.5, "small"), (1.5, "far")]


def test_no_latency_arrives_now_in_order_but_after_start_returns(env, links, wire):
    net = wire(Instant(env, links(1.0, n=2)))
    first = net.send("first", 0, 1, 1)
    net.send("second", 1, 0, 1)
    assert first.live
    assert net.log == []
    env.run()
    assert net.log == [(0.0, "first"), (0.0, "second")]
    assert not first.live


def test_abort_silences_and_the_bytes_have_left(env, links, wire):
    net = wire(Instant(env, links(1.0, n=2, latency_s=1.0), track=True))
    transfer = net.send("x", 0, 1, 7)
    other = net.send("y", 1, 0, 7)
    assert net.transport.transfers_of(0) == [transfer, other]
    net.transport.abort(transfer)
    net.transport.abort(transfer)
    assert net.transport.transfers_of(0) == net.transport.transfers_of(1) == [other]
    env.run()
    assert net.log == [(1.0, "y")]
    assert net.transport.crossed(transfer) == 7
    net.transport.abort(other)
    assert net.transport.transfers_of(0) == []


def test_a_callback_may_send_at_once(env, links):
    net = Instant(env, links(1.0, n=2, latency_s=1.0))
    log = []

    def bounce(transfer):
        log.append((env.now, transfer.target))
        if len(log) < 3:
            net.start(transfer.target, transfer.source, 1, bounce)

    net.start(0, 1, 1, bounce)
    env.run()
    assert log == [(1.0, 1), (2.0, 0), (3.0, 1)]


def test_without_a_roll_nobody_is_found(env, links):
    with pytest.raises(RuntimeError, match=r"transfers_of\(3\).*track=True"):
        Instant(env, links(1.0, n=4)).transfers_of(3)


def test_rates_do_not_matter(env, links):
    Instant(env, links(1.0, n=4)).set_rates(0, 0, 0)


@pytest.mark.parametrize("size", [-1, float("nan"), float("inf")])
def test_a_size_must_be_a_size(env, links, size):
    with pytest.raises(ValueError, match="must be finite and at least 0"):
        Instant(env, links(1.0, n=2)).start(0, 1, size, print)
