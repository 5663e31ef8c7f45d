"""A frozen teacher: local training first, one message a neighbour, never expired."""

import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.load import scenario_from_dict

OFFLINE = {
    "gossip": {"every": "10 s", "fanout": 1},
    "learn": {"objective": "offline", "teach_after": "1 min", "distill_steps": 3},
}


def test_each_neighbour_is_told_once(run):
    _, log = run(OFFLINE)
    pairs = [(m.sender, m.receiver) for m in log.messages]
    assert sorted(pairs) == sorted((i, j % 6) for i in range(6) for j in (i - 1, i + 1))


def test_a_teacher_is_made_once_after_training_alone(run):
    _, log = run(OFFLINE)
    predicted = [c for c in log.computations if c.kind == "predict"]
    assert sorted(c.agent for c in predicted) == list(range(6))
    assert min(c.started_s for c in predicted) >= 60
    for made in predicted:
        taught = [c for c in log.computations if c.agent == made.agent and c.kind == "distill"]
        assert taught
        assert min(c.started_s for c in taught) >= made.ended_s


def test_what_was_heard_counts_to_the_end(run):
    _, log = run(OFFLINE)
    last = [c for c in log.computations if c.kind == "distill" and c.ended_s > 165]
    assert {c.teachers for c in last} == {2}
    assert max(c.staleness_s for c in last) > 90


def test_messages_carry_the_version_that_was_frozen(run):
    simulation, log = run(OFFLINE, numbers=True)
    made = {m.sender: m.version for m in log.messages}
    assert all(m.version == made[m.sender] for m in log.messages)
    assert all(simulation.agents[i].updates > version for i, version in made.items())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"memory": {"keep": "once"}}, "never expires"),
        ({"memory": {"keep": "latest_per_peer", "max_age": "5 min"}}, "not memory.max_age"),
        ({"gossip": {"protocol": "pull"}}, "use 'push'"),
        ({"learn": {"objective": "offline", "when": "receive"}}, "use 'tick'"),
    ],
)
def test_what_does_not_go_with_it_is_refused(change, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict({"duration": "1 min", "agents": 3, "method": {**OFFLINE, **change}})
