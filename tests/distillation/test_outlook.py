"""What agents see before they choose: the true predictions, at the price of a look."""

import numpy as np
import pytest
import torch

import p2pkd
from p2pkd.core.errors import InputError
from p2pkd.gossip.peers.adaptive import divergence

LINEAR = [{"profile": "laptop", "model": "linear"}]
CHOOSING = {"preset": "similar-peers", "gossip": {"every": "10 s"}}


def predictions(simulation, i, rows):
    """Return what agent i's linear model says, by another way."""
    flat = simulation.shared.learner.parameters(simulation.agents[i].version)
    x = np.array(simulation.world.data.reference_x)[rows]
    logits = x @ flat[:640].reshape(10, 64).T + flat[640:]
    return torch.from_numpy(logits).double().softmax(-1).numpy()


def test_impressions_are_the_divergences_of_what_was_told(run):
    simulation, _ = run(CHOOSING, numbers=True, devices=LINEAR, topology="complete")
    shared, agent = simulation.shared, simulation.agents[2]
    memos = agent.memory.read(simulation.env.now)
    assert len(memos) > 1
    looked = shared.outlook.look(2, agent.version, agent.memory, simulation.env.now)
    assert looked == 64
    own = predictions(simulation, 2, np.arange(64))
    learner = shared.learner
    for memo, seen in zip(memos, shared.peers.seen[2], strict=True):
        told = learner.resolve(memo.contents).astype(float)
        assert seen.peer == memo.sender
        assert seen.divergence == pytest.approx(divergence(told, own), rel=1e-3, abs=1e-5)
        assert 0 < seen.accuracy <= 1


def test_only_rows_that_one_has_are_compared(run):
    simulation, _ = run(
        {**CHOOSING, "send": {"rows": 16}},
        numbers=True,
        devices=LINEAR,
        topology="complete",
        data={"reference": {"rows": 64, "known": "50 %"}},
    )
    agent, data = simulation.agents[0], simulation.world.data
    memos = agent.memory.read(simulation.env.now)
    heard = set(np.concatenate([memo.rows for memo in memos])) & set(data.known[0])
    outlook = simulation.shared.outlook
    assert outlook.look(0, agent.version, agent.memory, simulation.env.now) == len(heard)


def test_a_look_holds_the_device(run):
    """A turn with `rows` of 20 predicts 20 rows more than the message has."""
    method = {
        "gossip": {
            "every": "10 s",
            "peers": {"kind": "by_confidence", "who": "unsure", "rows": 20},
        },
        "send": {"rows": 48},
    }
    simulation, log = run(method, numbers=True, devices=LINEAR, duration="1 min")
    forward = simulation.profile.flops_forward[0]
    rows = {round(c.flops / forward) for c in log.computations if c.kind == "predict"}
    assert rows == {20, 48}


@pytest.mark.parametrize("peers", ["by_confidence", "similar_quality"])
def test_the_timeline_is_the_same_one_agent_at_a_time(run, peers):
    method = {**CHOOSING, "gossip": {"every": "10 s", "peers": {"kind": peers}}}
    sent = []
    for executor in ("grouped", "loop"):
        _, log = run(method, numbers=True, topology="complete", execution={"executor": executor})
        sent.append([(m.sender, m.receiver, m.sent_s) for m in log.messages])
    assert sent[0] == sent[1]


def test_learning_changes_whom_one_asks(run):
    """Another learning rate is another timeline, which is what the manifest warns of."""
    asked = []
    for lr in (0.005, 0.05):
        method = {**CHOOSING, "learn": {"lr": lr}}
        _, log = run(method, numbers=True, topology="complete", devices=LINEAR)
        asked.append([(m.sender, m.receiver) for m in log.messages if m.kind == "request"])
    assert asked[0] != asked[1]


def test_no_dry_run_and_the_manifest_says_why(tmp_path):
    scenario = {"duration": "30 s", "agents": 4, "topology": "ring", "method": CHOOSING}
    with pytest.raises(InputError, match=r"gossip.peers: similar_quality.*cannot run dry"):
        p2pkd.simulate(scenario, dry_run=True, out=tmp_path / "dry")
    execution = p2pkd.simulate(scenario, out=tmp_path / "run").manifest["execution"]
    assert execution["timeline_looks_at_learning"] == ["gossip.peers: similar_quality"]
