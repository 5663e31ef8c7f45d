"""Codistillation: teachers are stale copies, which stay as they were sent."""

import numpy as np
import pytest

LINEAR = [{"profile": "laptop", "model": "linear"}]


def test_teachers_are_copies_as_old_as_their_last_message(run):
    """After the burn-in each turn learns from the last copy of every peer that has sent one."""
    method = {"preset": "codistillation", "gossip": {"every": "10 s", "jitter": 0}}
    _, log = run(method, devices=LINEAR, duration="4 min")
    for work in log.computations:
        copies = {}
        for m in log.messages:
            if m.receiver == work.agent and m.ended_s <= work.started_s:
                copies[m.sender] = m.sent_s
        if work.started_s < 60:
            assert work.kind == "train"
            continue
        assert work.kind == "distill"
        assert work.teachers == len(copies)
        ages = [work.started_s - made for made in copies.values()]
        assert work.staleness_s == pytest.approx(np.mean(ages))
    assert max(work.staleness_s for work in log.computations if work.kind == "distill") > 10


def test_a_copy_does_not_learn_on(run):
    """What a peer has sent is a version, whatever becomes of its agent."""
    method = {"preset": "codistillation", "gossip": {"every": "10 s"}}
    simulation, _ = run(method, numbers=True, devices=LINEAR, duration="100 s")
    learner, agents = simulation.shared.learner, simulation.agents
    memo = agents[0].memory.read(simulation.env.now)[0]
    sent, before = memo.contents, learner.parameters(memo.contents)
    now = learner.train(agents[memo.sender].version, 5)
    assert not np.array_equal(learner.parameters(now), before)
    np.testing.assert_array_equal(learner.parameters(sent), before)
    assert sent.updates < now.updates
