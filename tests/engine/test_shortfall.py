"""Planned work that did not happen is told of, and only that."""

import math

import pytest

STAR = {
    "duration": "10 min",
    "agents": 5,
    "topology": {"kind": "star"},
    "aggregators": {"who": "hub"},
    "links": {"latency": {"kind": "constant", "value": "20 ms"}, "loss": "0 %"},
    "devices": [{"profile": "laptop", "model": {"kind": "mlp", "hidden": [8]}}],
    "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 16}},
    "method": {
        "send": {"knowledge": "weights"},
        "gossip": {"protocol": "coordinated", "every": "30 s"},
        "learn": {"objective": "merge", "local_steps": 5, "batch": 16},
    },
}
RING = {
    **STAR,
    "topology": {"kind": "ring"},
    "aggregators": None,
    "method": {
        "gossip": {"every": "30 s"},
        "learn": {"objective": "response", "local_steps": 5, "distill_steps": 5, "batch": 16},
    },
}
LOSSY = {**STAR["links"], "loss": "20 %"}


def with_gossip(base, **gossip):
    method = base["method"]
    return {**base, "method": {**method, "gossip": {**method["gossip"], **gossip}}}


def slow():
    """One agent in five is too slow for its turns: private steps alone take a minute."""
    model = {"kind": "mlp", "hidden": [8]}
    return [
        {
            "name": "slow",
            "profile": "laptop",
            "share": "20 %",
            "flops": "500 FLOP/s",
            "model": model,
        },
        {"name": "fast", "profile": "laptop", "share": "80 %", "model": model},
    ]


@pytest.mark.parametrize("base", [STAR, RING], ids=["server", "gossip"])
@pytest.mark.parametrize("clock", ["periodic", "rounds", "poisson"])
def test_nothing_is_told_where_all_went_as_planned(run, base, clock):
    simulation, _ = run(with_gossip(base, clock=clock))
    assert simulation.shortfalls == simulation.foreseen == []


def test_of_a_free_clock_nothing_is_asked(run):
    slow_ones = [{**RING["devices"][0], "flops": "10 kFLOP/s"}]
    simulation, log = run(with_gossip(RING, clock="free"), devices=slow_ones, duration="2 min")
    assert simulation.shortfalls == simulation.foreseen == []
    assert all(math.isnan(agent.turns_asked) for agent in log.of("AgentRecord"))


@pytest.mark.parametrize("clock", ["periodic", "rounds"])
def test_turns_and_steps_asked_are_those_that_are_done(run, clock):
    _, log = run(with_gossip(RING, clock=clock))
    for agent in log.of("AgentRecord"):
        assert agent.turns_asked == pytest.approx(20)
        assert agent.turns == pytest.approx(20, abs=1)
        assert agent.steps_asked == pytest.approx(100)
        assert agent.train_steps == 5 * agent.turns


def test_a_lost_answer_costs_no_rounds_by_default(run):
    """Issue 11, fault 6: five minutes of patience, rounds of 30 s, and `warnings` empty."""
    patient = {"kind": "coordinated", "patience": "5 min"}
    stalled, _ = run(with_gossip(STAR, protocol=patient), links=LOSSY)
    (rounds, steps, *_) = stalled.shortfalls
    assert "of 20 rounds were held" in rounds
    assert "5 min" in rounds
    assert "of the 400 gradient steps that were asked for were done" in steps
    simulation, log = run(STAR, links=LOSSY)
    assert not any("rounds" in text for text in simulation.shortfalls)
    assert log.of("AgentRecord")[0].turns >= 18


def test_a_fraction_is_asked_for_no_more(run):
    half = {"kind": "coordinated", "fraction": "50 %"}
    simulation, log = run(with_gossip(STAR, protocol=half))
    members = [a for a in log.of("AgentRecord") if a.agent]
    assert sum(a.steps_asked for a in members) == pytest.approx(200)
    assert sum(a.train_steps for a in members) == pytest.approx(200, abs=10)
    assert simulation.shortfalls == []


TREE = {
    **STAR,
    "agents": 7,
    "topology": {"kind": "balanced_tree", "branching": 2},
    "aggregators": {"who": "inner"},
}


def test_below_a_server_patience_is_shorter(run):
    """Or an answer lost at the leaves would cost the root all of that branch."""
    protocol = {"kind": "coordinated", "inner_rounds": 2}
    simulation, log = run(with_gossip(TREE, protocol=protocol), links=LOSSY, duration="30 min")
    waits = {a.agent: a.patience_s for a in simulation.agents if hasattr(a, "patience_s")}
    assert waits[0] == 30
    assert set(waits.values()) == {30, 10}
    root, inner = simulation.agents[0], log.of("AgentRecord")[1]
    assert root.late == 0
    assert inner.turns_asked == pytest.approx(2 * 60)


def test_late_answers_are_told_of(run):
    far = {"latency": {"kind": "constant", "value": "20 s"}}
    simulation, _ = run(STAR, links=far)
    assert any("came too late and were ignored" in text for text in simulation.shortfalls)


def test_who_is_too_slow_is_foreseen_and_told_of(run):
    simulation, _ = run(RING, devices=slow())
    (foreseen,) = simulation.foreseen
    assert foreseen.startswith("method.gossip.every: 30 s, but private steps alone take 1 of 5")
    (told,) = simulation.shortfalls
    assert "1 of 5 agents finished fewer than 90 % of their turns" in told
    assert "computing all the time" in told


def test_who_never_learned_and_why(run):
    gone = {"failures": [{"at": "0 s", "agents": [2]}]}
    simulation, _ = run(RING, churn=gone)
    texts = simulation.shortfalls
    assert "Agent 2 of 5 never learned: never online." in texts
    assert "Agent 2 of 5 never heard from anyone: never online." in texts


def test_who_never_heard_and_why(run):
    apart = {"kind": "erdos_renyi", "p": 0.0, "allow_disconnected": True}
    simulation, _ = run(RING, topology=apart)
    (text,) = simulation.shortfalls
    assert text == "Agents 0, 1, 2 and 2 more of 5 never heard from anyone: no neighbours."


def test_controls_need_hear_nobody(run):
    alone = {"gossip": {"protocol": "none"}, "learn": {"objective": "local"}}
    assert run(RING, method=alone)[0].shortfalls == []


def test_absences_are_not_asked_to_learn_but_lost_turns_are_told(run):
    churn = {"sessions": {"kind": "exponential", "online": "2 min", "offline": "2 min"}}
    simulation, log = run(RING, churn=churn, duration="1 h")
    assert not [t for t in simulation.shortfalls if "gradient steps" in t]
    for agent in log.of("AgentRecord"):
        assert agent.turns_asked == pytest.approx(agent.online_s / 30)
