"""Mistakes that others shipped: what the engine must not do."""

import math

import pytest

SMALL = {
    "duration": "2 min",
    "agents": 6,
    "topology": {"kind": "ring"},
    "method": {
        "send": {"rows": 32},
        "gossip": {"every": "10 s"},
        "learn": {"objective": "response", "local_steps": 1, "distill_steps": 1},
    },
}


def changed(**parts):
    return {**SMALL["method"], **parts}


@pytest.mark.parametrize("fanout", [1, 2, "all"])
@pytest.mark.parametrize("peers", ["uniform", "round_robin"])
def test_nobody_is_among_its_own_teachers(run, fanout, peers):
    _, log = run(SMALL, method=changed(gossip={"every": "10 s", "fanout": fanout, "peers": peers}))
    messages = log.of("MessageRecord")
    assert len(messages) > 50
    assert all(m.sender != m.receiver for m in messages)


def test_the_self_control_sends_nothing_and_still_distils(run):
    _, log = run(
        SMALL,
        method=changed(gossip={"protocol": "none", "every": "10 s"}, learn={"objective": "self"}),
    )
    assert log.of("MessageRecord") == []
    distilled = [c for c in log.of("ComputeRecord") if c.kind == "distill"]
    assert len(distilled) > 50
    assert {c.teachers for c in distilled} == {1}


def test_no_distillation_before_the_warm_up_is_over(run):
    _, log = run(SMALL, method=changed(teachers={"warm_up": "1 min"}))
    starts = [c.started_s for c in log.of("ComputeRecord") if c.kind == "distill"]
    assert starts
    assert min(starts) >= 60


def test_staleness_is_the_age_of_the_contents(run):
    _, log = run(SMALL, method=changed(memory={"keep": "latest_per_peer", "max_age": "15 s"}))
    records = log.of("ComputeRecord")
    ages = [c.staleness_s for c in records if c.kind == "distill"]
    assert ages
    assert all(0 < age <= 15 * (1 + 1e-9) for age in ages)
    assert all(math.isnan(c.staleness_s) for c in records if c.kind == "train")


def test_a_message_cannot_arrive_before_its_contents_are_made(run):
    _, log = run(SMALL)
    predicted = {}
    for record in log.records:
        if getattr(record, "kind", "") == "predict":
            predicted.setdefault(record.agent, []).append(record.ended_s)
    for message in log.of("MessageRecord"):
        assert any(math.isclose(message.sent_s, end) for end in predicted[message.sender])
        assert message.ended_s > message.sent_s


def test_a_slower_device_or_a_bigger_batch_takes_longer(run):
    def seconds(**changes):
        _, log = run(SMALL, **changes)
        return sum(c.ended_s - c.started_s for c in log.of("ComputeRecord") if c.kind == "train")

    normal = seconds()
    slow = seconds(devices=[{"profile": "laptop", "slowdown": 10}])
    learn = {**SMALL["method"]["learn"], "batch": 64}
    assert slow == pytest.approx(10 * normal, rel=0.1)
    assert seconds(method=changed(learn=learn)) == pytest.approx(2 * normal, rel=0.1)
