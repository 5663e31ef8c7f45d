"""Laws that hold in every state of every run, over random platforms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpy import Environment
from test_maxmin import one_at_a_time
from wires import PlainLinks, Wire

from p2pkd.engine.transport import Fair, SharedLinks, fair
from p2pkd.engine.transport.maxmin import violation

N = 6


@st.composite
def plans(draw):
    """Return rates, shared links' rates, and messages (time, source, target, size, fate)."""
    rate = st.one_of(st.sampled_from([1.0, 2.0, 4.0, float("inf")]), st.floats(0.5, 100))
    rates = draw(st.lists(rate, min_size=2 * N, max_size=2 * N))
    shared = draw(st.lists(st.floats(0.5, 100), min_size=3, max_size=3))
    time = st.one_of(st.integers(0, 4).map(float), st.floats(0, 10))
    node = st.integers(0, N - 1)
    fate = st.one_of(st.none(), st.none(), st.floats(0.1, 5))
    message = st.tuples(time, node, node, st.sampled_from([0.0, 1.0, 3.5, 20.0]), fate)
    return rates, shared, sorted(draw(st.lists(message, max_size=30)), key=lambda m: m[0])


def run(plan, watch=None, with_shared=True):
    """Run *plan*; return the wire, its transfers in order of start, and who was aborted."""
    rates, capacities, messages = plan
    env = Environment()
    shared = SharedLinks(capacities, lambda a, b: [a % 3, b % 3]) if with_shared else None
    links = PlainLinks(np.array(rates[:N]), np.array(rates[N:]), 0.25)
    net = Wire(env, Fair(env, links, shared, track=True, watch=watch))
    sent, aborted = {}, set()

    def give_up(i):
        if sent[i].live:
            net.transport.abort(sent[i])
            aborted.add(i)

    def begin(i, source, target, size, fate):
        sent[i] = net.send(i, source, target, size)
        if fate is not None:
            net.at(env.now + fate, lambda: give_up(i))

    for i, (time, source, target, size, fate) in enumerate(messages):
        net.at(time, lambda i=i, rest=(source, target, size, fate): begin(i, *rest))
    env.run()
    return net, sent, aborted


@settings(max_examples=100, deadline=None)
@given(plans())
def test_every_state_is_max_min_fair_and_no_link_is_overloaded(plan):
    gaps = []
    run(plan, watch=lambda state: gaps.append(violation(*state)))
    assert max(gaps, default=0) < 1e-9


@settings(max_examples=100, deadline=None)
@given(plans())
def test_arrived_crossed_and_aborted_balance(plan):
    net, sent, aborted = run(plan)
    assert {name for _, name in net.log} == set(sent) - aborted
    for i, transfer in sent.items():
        crossed = net.transport.crossed(transfer)
        assert not transfer.live
        if i in aborted:
            assert 0 <= crossed <= transfer.size_bytes
        else:
            assert crossed == transfer.size_bytes
    assert all(net.transport.transfers_of(node) == [] for node in range(N))


@settings(max_examples=60, deadline=None)
@given(plans())
def test_bytes_are_the_integral_of_rates(plan):
    # Between two solves rates are constant: their integral is what has crossed, at every solve.
    book = {"at": 0.0, "rates": {}, "bytes": {}}

    def audit(transport, env):
        for transfer, rate in book["rates"].items():
            if rate < 1e200:  # an unlimited flow crosses within no time
                book["bytes"][transfer] += rate * (env.now - book["at"])
                crossed = transport.crossed(transfer)
                assert crossed == pytest.approx(book["bytes"][transfer], rel=1e-6, abs=1e-6)
        live = {t: None for node in range(N) for t in transport.transfers_of(node)}
        book["at"], book["rates"] = env.now, {t: transport.rate(t) for t in live}
        for transfer in live:
            book["bytes"].setdefault(transfer, 0.0)

    class Audited(Fair):
        def _solve(self, alarm):
            super()._solve(alarm)
            audit(self, self._env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(run.__globals__, "Fair", Audited)
        run(plan)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_solving_a_part_or_all_gives_the_same_trace(plan):
    part, _, _ = run(plan, with_shared=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fair, "FEW", 0)
        whole, _, _ = run(plan, with_shared=False)
    assert part.ends == pytest.approx(whole.ends, rel=1e-8)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_ends_are_those_of_a_plain_simulation(plan):
    rates, _, messages = plan
    messages = [(*message[:4], None) for message in messages]
    net, _, _ = run((rates, [], messages), with_shared=False)
    assert net.ends == pytest.approx(plain_simulation(rates, messages), rel=1e-6)


def plain_simulation(rates, messages):
    """Return each message's end: fluid flows, rates by `one_at_a_time` after every change."""
    capacity = np.minimum(rates, 1e12)
    now, flows, ends = 0.0, {}, {}
    due = [(m[0] + 0.25, i, m) for i, m in enumerate(messages)]
    while due or flows:
        routes = [flow[0] for flow in flows.values()]
        rate = one_at_a_time(routes, capacity, np.full(len(routes), 1e15)) if routes else []
        finish = [now + flow[1] / r for flow, r in zip(flows.values(), rate, strict=True)]
        step = min([*finish, *(time for time, _, _ in due)])
        for (i, flow), r, end in zip(list(flows.items()), rate, finish, strict=True):
            flow[1] -= r * (step - now)
            if end <= step or flow[1] <= 1e-9 * flow[2]:
                ends[i] = step
                del flows[i]
        now = step
        while due and due[0][0] <= now:
            _, i, (_, source, target, size, _) = due.pop(0)
            if size:
                flows[i] = [[source, N + target], size, size]
            else:
                ends[i] = now
    return ends
