"""Agents that choose their width: what they try, what they keep, and what it costs."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

from p2pkd.core.errors import InputError, ScenarioError
from p2pkd.engine.search import Search
from p2pkd.learning.widths import held_out_loss, resize
from p2pkd.scenario.load import scenario_from_dict

MODEL = [{"profile": "laptop", "model": {"kind": "mlp", "hidden": [8]}}]


def method(**learn):
    return {
        "send": {"knowledge": "soft_labels", "rows": "all"},
        "gossip": {"every": "10 s"},
        "learn": {"objective": "nas", "lr": 0.1, "choose_every": 2, "holdout": 0.2, **learn},
    }


@pytest.fixture
def ran(run):
    return run(method(optimizer="adam", lr=0.01), numbers=True, devices=MODEL)


def test_who_is_wider_computes_more_and_says_so(ran):
    simulation, log = ran
    profile, search = simulation.profile, simulation.shared.search
    names = [a.name for a in profile.architectures]
    assert names == ["mlp 64-8-10", "mlp 64-2-10", "mlp 64-4-10", "mlp 64-16-10"]
    assert search.model_of != [0] * 6
    for i, agent in enumerate(simulation.agents):
        kind = profile.architectures[search.model_of[i]]
        assert simulation.shared.learner.architecture(agent.version) is kind
        assert (profile.models[i], profile.parameters[i]) == (kind.name, kind.n_parameters)
        last = [c for c in log.computations if c.agent == i and c.kind == "predict"][-1]
        assert last.flops == pytest.approx(64 * kind.flops_forward)
    distilled = {c.flops for c in log.computations if c.kind == "distill"}
    assert distilled <= {3 * 5 * 32 * kind.flops_forward for kind in profile.architectures}
    assert len(distilled) > 1


def test_trials_are_charged(ran):
    simulation, log = ran
    profile = simulation.profile
    learner = simulation.shared.learner
    private = learner.tables.private
    held = np.diff(private.offsets) - private.sizes

    def costs(agent, passes):
        rows = passes + held[agent]
        return [round(rows * kind.flops_forward) for kind in profile.architectures]

    predicted = [c for c in log.computations if c.kind == "predict"]
    # All widths are looked at; what is dropped is computed as what it is, and leaves no steps.
    looks = [c for c in predicted if round(c.flops) in costs(c.agent, 0)]
    trained = [c for c in log.computations if c.kind == "train"]
    dropped = [c for c in trained if not c.steps]
    kept, turns = len(looks) - len(dropped), len(trained) - len(dropped)
    assert turns // 2 - 6 <= kept <= turns // 2
    assert kept <= len(dropped) <= 3 * kept
    for c in dropped:
        assert c.flops in [3 * 5 * 32 * kind.flops_forward for kind in profile.architectures]
    steps = sum(c.steps for c in log.computations)
    assert steps == sum(a.updates for a in simulation.agents)
    assert steps == sum(a.version.updates for a in simulation.agents)


def test_a_message_tells_width_and_score_in_eight_bytes(ran):
    _, log = ran
    assert {m.payload_bytes for m in log.messages} == {64 * 40 + 8}


def test_a_wider_model_says_the_same_and_keeps_what_its_optimiser_knew(ran):
    simulation, _ = ran
    learner, agent = simulation.shared.learner, simulation.agents[0]
    version = resize(learner, agent.version, 0)
    wider = resize(learner, version, 3)
    before, after = (learner.evaluate([v]) for v in (version, wider))
    assert before.loss[0] == pytest.approx(after.loss[0], rel=1e-5)
    back = resize(learner, wider, 0)
    state = [v.pool.data[v.row].numpy() for v in (version, back)]
    np.testing.assert_array_equal(*state)


def test_the_score_is_the_loss_on_rows_that_are_never_trained_on(ran):
    simulation, _ = ran
    learner, data = simulation.shared.learner, simulation.world.data
    version = simulation.agents[2].version
    rows = data.partition.of(2)
    rows = rows[len(rows) - round(0.2 * len(rows)) :]
    x, y = (
        torch.tensor(np.array(data.private_x[rows])),
        torch.tensor(np.array(data.private_y[rows])),
    )
    kind = learner.architecture(version)
    flat = torch.from_numpy(learner.parameters(version))[None]
    expected = functional.cross_entropy(kind.forward(flat, x[None]).logits[0], y)
    assert held_out_loss(learner, version) == pytest.approx(expected.item(), rel=1e-5)


def test_who_shares_the_group_changes_nothing(run):
    finals = []
    for executor in ("grouped", "loop"):
        simulation, _ = run(
            method(),
            numbers=True,
            devices=MODEL,
            duration="1 min",
            execution={"executor": executor},
        )
        learner = simulation.shared.learner
        finals.append([learner.parameters(a.version).tolist() for a in simulation.agents])
    assert finals[0] == finals[1]


def test_candidates_are_neighbours_and_what_the_best_peer_has():
    search = Search(None, None, None, [[1, 2, 0, 3]] * 3, [1, 0, 3])
    memo = SimpleNamespace(sender=2, made_s=20.0)
    assert search.candidates(0, [memo]) == [1, 2]
    assert search.candidates(1, [memo]) == [0, 2, 3]
    search.told[2] = ([10.0, 30.0], [(3, 0.5), (1, 0.4)])
    assert search.candidates(0, [memo]) == [1, 2, 3]
    search.told[1] = ([5.0], [(2, 0.1)])
    other = SimpleNamespace(sender=1, made_s=5.0)
    assert search.candidates(0, [memo, other]) == [1, 2, 0]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"devices": [{"profile": "laptop", "model": "linear"}]}, "'linear' has no widths"),
        ({"devices": [{"profile": "laptop", "model": "cnn"}]}, "'cnn' has no widths"),
        ({"method": method(widths=[0.5, 2])}, "must ascend and contain 1"),
        ({"method": method(train_on="pooled")}, "rows are held out from training"),
        ({"data": {"stream": {"tasks": 2}}}, "data.stream: 'nas' holds out rows"),
    ],
)
def test_what_does_not_fit_is_refused(change, complaint):
    base = {"duration": "1 min", "agents": 4, "method": method(), "devices": MODEL}
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict({**base, **change})


def test_the_timeline_cannot_run_dry(tmp_path):
    import p2pkd

    with pytest.raises(InputError, match=r"method.learn.objective: nas: .*cannot run dry"):
        p2pkd.simulate("scenarios/methods/objective-nas.yaml", dry_run=True, out=tmp_path / "run")
