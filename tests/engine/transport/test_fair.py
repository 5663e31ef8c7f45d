"""Whole traces: every number here can be worked out by hand."""

import math

import pytest

from p2pkd.engine.transport import Fair, SharedLinks

MB = 1e6


def approx(ends):
    return pytest.approx(ends, rel=1e-12)


def test_an_idle_message_takes_latency_and_the_slower_link(env, links, wire):
    net = wire(Fair(env, links([2, 9, 1, 9], [9, 1, 9, 4], latency_s=0.5)))
    net.send("down is slower", 0, 1, 10)
    net.send("up is slower", 2, 3, 10)
    env.run()
    assert net.log == [(10.5, "down is slower"), (10.5, "up is slower")]


@pytest.fixture
def four(env, links, wire):
    return wire(Fair(env, links([1 * MB, 2 * MB, 5 * MB, 1 * MB], [4 * MB, 1 * MB, 3 * MB, 2 * MB],
                                latency_s=0.05)))  # fmt: skip


def send_three(net):
    net.send("a->b", 0, 1, 1 * MB)
    net.send("c->b", 2, 1, 1 * MB)
    net.send("c->d", 2, 3, 5 * MB)


def test_three_messages_among_four_nodes(env, four):
    send_three(four)
    env.run()
    assert four.ends == approx({"a->b": 2.05, "c->b": 2.05, "c->d": 2.55})


def test_six_staggered_messages_among_four_nodes(env, four):
    send_three(four)
    four.send("b->d", 1, 3, 2 * MB, at=0.5)
    four.send("d->c", 3, 2, 10_000, at=1)
    four.send("a->c", 0, 2, 100_000, at=1)
    env.run()
    assert four.ends == approx(
        {"a->b": 2.05, "c->b": 2.05, "c->d": 3.55, "b->d": 2.55, "d->c": 1.06, "a->c": 1.25}
    )


def test_a_long_flow_and_one_flow_a_link_over_three_shared_links(env, links, wire):
    # Capacities 10, 1, 10: the long flow gets .5, the others 9.5, .5 and 9.5.
    routes = {(0, 1): [0, 1, 2], (2, 3): [0], (4, 5): [1], (6, 7): [2]}
    shared = SharedLinks([10, 1, 10], lambda a, b: routes[a, b])
    net = wire(Fair(env, links(math.inf, n=8), shared))
    sent = [net.send(name, a, b, 95) for name, (a, b) in zip("lxyz", routes, strict=True)]
    env.run(1)
    assert [net.transport.rate(each) for each in sent] == [0.5, 9.5, 0.5, 9.5]
    assert [net.transport.crossed(each) for each in sent] == [0.5, 9.5, 0.5, 9.5]
    env.run()
    assert net.log == [(10, "x"), (10, "z"), (190, "l"), (190, "y")]


def test_departures_speed_up_the_rest(env, links, wire):
    # Sizes 1, 2, 3 on a unit link: processor sharing ends them at 3, 5, 6.
    net = wire(Fair(env, links([1, 9, 9, 9], [9, 9, 9, 9])))
    for size in (3, 1, 2):
        net.send(size, 0, size, size)
    env.run()
    assert net.log == [(3, 1), (5, 2), (6, 3)]


def test_simultaneous_ends_come_in_order_of_start(env, links, wire):
    net = wire(Fair(env, links(1.0, n=5)))
    for name, source in [("first", 3), ("second", 1), ("third", 2)]:
        net.send(name, source, 0, 1 / 3)
    env.run()
    assert [name for _, name in net.log] == ["first", "second", "third"]
    assert {time for time, _ in net.log} == {1.0}


def test_all_changes_of_one_instant_make_one_solve(env, links):
    solves = []
    net = Fair(env, links(1.0, n=100), watch=lambda state: solves.append(len(state.rates)))
    for i in range(50):
        net.start(i, 99 - i, 1, lambda _: None)
    env.run()
    assert solves == [50, 0]


def test_short_flows_beside_a_long_one_leave_no_alarms_behind(env, links):
    net = Fair(env, links(1.0, n=4))
    pending = []

    def again(_):
        pending.append(len(env._queue))
        net.start(2, 3, 1, again)

    net.start(0, 1, 1000, lambda _: None)
    net.start(2, 3, 1, again)
    env.run(500)
    assert len(pending) == 499
    assert max(pending) <= 4


def test_propagation_occupies_no_link(env, links, wire):
    net = wire(Fair(env, links(12.5 * MB, n=2, latency_s=0.05)))
    for i in range(1250):
        net.send(i, 0, 1, 10_000)
    env.run()
    assert env.now == pytest.approx(1.05)


def test_empty_messages_and_unlimited_links(env, links, wire):
    net = wire(Fair(env, links([1, math.inf, math.inf], latency_s=0.5)))
    empty = net.send("empty", 0, 1, 0)
    net.send("unlimited", 1, 2, 1e12)
    net.send("beside it", 1, 0, 3)
    env.run()
    assert net.log == [(0.5, "empty"), (0.5, "unlimited"), (3.5, "beside it")]
    assert net.transport.crossed(empty) == 0


def test_extra_latency_and_no_latency(env, links, wire):
    net = wire(Fair(env, links(1.0, n=4)))
    net.send("at once", 0, 1, 0)
    net.send("late", 2, 3, 0, extra_latency_s=2)
    assert net.log == []
    env.run()
    assert net.log == [(0, "at once"), (2, "late")]


def test_abort_charges_what_crossed_and_gives_the_share_away(env, links, wire):
    net = wire(Fair(env, links(1.0, n=3, latency_s=0.5), track=True))
    stays = net.send("stays", 0, 1, 4)
    leaves = net.send("leaves", 0, 2, 4)
    seen = []

    def leave():
        seen.extend(net.transport.transfers_of(2))
        net.transport.abort(leaves)
        net.transport.abort(leaves)

    net.at(2.5, leave)
    env.run(3)
    assert seen == [leaves]
    assert net.transport.crossed(leaves) == 1
    assert net.transport.crossed(stays) == 1.5
    assert net.transport.rate(leaves) == 0
    env.run()
    assert net.log == [(5.5, "stays")]
    assert net.transport.crossed(leaves) == 1
    assert net.transport.transfers_of(0) == []


def test_abort_before_the_flow_joins_charges_nothing(env, links, wire):
    net = wire(Fair(env, links(1.0, n=2, latency_s=2.0)))
    transfer = net.send("x", 0, 1, 1)
    net.at(1, lambda: net.transport.abort(transfer))
    env.run()
    assert net.log == []
    assert net.transport.crossed(transfer) == 0


def test_a_transfer_aborted_by_the_end_of_its_twin_stays_silent(env, links):
    net = Fair(env, links(1.0, n=4))
    log = []

    def first_done(_):
        log.append("first")
        net.abort(second)

    net.start(0, 1, 1, first_done)
    second = net.start(2, 3, 1, lambda _: log.append("second"))
    env.run()
    assert log == ["first"]
    assert net.crossed(second) == pytest.approx(1)


def test_capacity_changes_act_at_once(env, links, wire):
    net = wire(Fair(env, links([4, 9], latency_s=1.0)))
    net.send("x", 0, 1, 20)
    net.at(3, lambda: net.transport.set_rates(0, 1, 1))  # 8 crossed, 12 left
    net.at(5, lambda: net.transport.set_rates(0, 0, 0))  # 10 left: an outage
    net.at(7, lambda: net.transport.set_rates(0, math.inf, 1))  # now the downlink limits
    net.at(8, lambda: net.transport.set_rates(1, 9, 0.5))
    env.run()
    assert net.log == [(10.0, "x")]


def test_a_shared_link_may_change_too(env, links, wire):
    net = wire(Fair(env, links(9.0, n=2), SharedLinks([2.0], lambda a, b: [0])))
    net.send("x", 0, 1, 4)
    net.at(1, lambda: net.transport.set_shared_rate(0, 1.0))
    env.run()
    assert net.log == [(3.0, "x")]


def test_a_flow_that_nobody_helps_stalls_for_ever(env, links, wire):
    net = wire(Fair(env, links([0, 1], [1, 1])))
    transfer = net.send("x", 0, 1, 4)
    net.send("y", 1, 0, 4)
    env.run()
    assert net.log == [(4.0, "y")]
    assert transfer.live


def test_a_window_limits_a_lone_flow(env, links, wire):
    # One window of 10 bytes in a round trip of 2 s: 5 bytes/s, on links of 20.
    net = wire(Fair(env, links(20.0, n=3, latency_s=1.0), window_bytes=10))
    net.send("limited", 0, 1, 50)
    net.send("unlimited, shares the rest", 0, 2, 10, extra_latency_s=2)
    env.run()
    assert net.log == [(5.0, "unlimited, shares the rest"), (11.0, "limited")]


def test_slow_start_puts_off_the_flow(env, links, wire):
    # Windows 14,600 + 29,200 + 58,400 at 1 MB/s, each waiting for the rest of .1 s.
    stall = (0.1 - 0.0146) + (0.1 - 0.0292)
    net = wire(Fair(env, links(1 * MB, n=2, latency_s=0.05), slow_start=True))
    net.send("three windows", 0, 1, 100_000)
    net.send("one window", 1, 0, 14_600)
    env.run()
    assert net.ends == approx({"one window": 0.0646, "three windows": 0.05 + stall + 0.1})


def test_a_rate_must_not_be_negative(env, links):
    with pytest.raises(ValueError, match="downlink of node 1"):
        Fair(env, links([1, 1], [1, -1]))
    with pytest.raises(ValueError, match=r"uplink of node 0 \(=nan bytes/s\) must be at least 0"):
        Fair(env, links([1, 1])).set_rates(0, math.nan, 1)


def test_without_a_roll_nobody_is_found(env, links):
    with pytest.raises(RuntimeError, match="track=True"):
        Fair(env, links([1, 1])).transfers_of(0)
