"""Servers that neither have data nor train: who asks whom, when, and what it costs."""

import numpy as np
import pytest

from p2pkd.core.errors import InputError, ScenarioError
from p2pkd.scenario.load import load_scenario, scenario_from_dict
from p2pkd.world.hierarchy import build_hierarchy

STAR_GOSSIP = {"protocol": "coordinated", "clock": "rounds"}
STAR = {
    "duration": "2 min",
    "agents": 6,
    "topology": {"kind": "star"},
    "aggregators": {"who": "hub"},
    "links": {"header": "0 B"},
    "method": {
        "preset": "ds-fl-star",
        "send": {"rows": "all"},
        "gossip": {"every": "10 s"},
        "learn": {"local_steps": 1, "distill_steps": 1},
    },
    "data": {"reference": {"rows": 32}},
}
TREE = {
    **STAR,
    "agents": 13,
    "topology": {"kind": "balanced_tree", "branching": 3},
    "aggregators": {"who": "inner"},
}
MODELS = {"preset": "fedavg", "gossip": {"every": "10 s"}}


def tree_of(values):
    from pathlib import Path

    from p2pkd.core.rng import Streams
    from p2pkd.world.graphs import build_topology

    scenario = scenario_from_dict(values)
    topology = build_topology(scenario.topology, scenario.agents, Streams(0), Path())
    return build_hierarchy(scenario.aggregators, topology)


# -- the hierarchy ---------------------------------------------------------------------------------


def test_star_is_one_server_and_its_clients():
    tree = tree_of(STAR)
    assert (tree.root, tree.children) == (0, {0: (1, 2, 3, 4, 5)})
    assert tree.leaves == {0: (1, 2, 3, 4, 5)}


def test_inner_nodes_of_a_tree_are_servers_below_the_root():
    tree = tree_of(TREE)
    assert tree.aggregators == (0, 1, 2, 3)
    assert tree.children == {0: (1, 2, 3), 1: (4, 5, 6), 2: (7, 8, 9), 3: (10, 11, 12)}
    assert tree.leaves[0] == tuple(range(4, 13))


def test_any_agents_of_any_graph_that_reach_all():
    ring = {**STAR, "topology": {"kind": "ring", "k": 2}, "aggregators": {"who": [2, 3, 4, 1]}}
    tree = tree_of(ring)
    assert tree.root == 2
    assert tree.children == {2: (1, 3), 1: (0,), 3: (4,), 4: (5,)}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"topology": {"kind": "ring", "k": 2}},
            r"topology: not all are .* topology: star and agents: 7",
        ),
        ({"topology": "ring", "aggregators": {"who": [0, 1]}}, r"agent 3 cannot be reached"),
        ({"aggregators": {"who": [9]}}, "there is no agent 9"),
        ({"topology": "complete", "aggregators": {"who": "inner"}}, "needs a topology with ends"),
        ({"aggregators": {"who": [0, 1, 2, 3, 4, 5]}}, "nobody is left to learn"),
    ],
)
def test_graphs_without_such_a_tree_are_refused(changes, complaint):
    with pytest.raises(InputError, match=complaint):
        tree_of({**STAR, **changes})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"aggregators": None}, "go together; add aggregators"),
        ({"method": {"preset": "ds-fl"}}, "go together; add protocol 'coordinated'"),
        (
            {
                "method": {
                    "send": {"knowledge": "features"},
                    "gossip": STAR_GOSSIP,
                    "learn": {"objective": "feature"},
                }
            },
            "make no mean of 'features'",
        ),
        (
            {"method": {"preset": "sgp", "gossip": {"protocol": "coordinated"}}},
            "push_sum' needs 'push'",
        ),
    ],
)
def test_misfits_are_named(changes, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_dict({**STAR, **changes})


def test_sample_weights_are_for_aggregators():
    with pytest.raises(ScenarioError, match="'samples' are told to aggregators"):
        scenario_from_dict(
            {"duration": "1 min", "agents": 4, "method": {"preset": "d-psgd", "learn": SAMPLES}}
        )


SAMPLES = {"mixing": "samples"}


# -- data and devices ------------------------------------------------------------------------------


def test_servers_have_no_rows_and_a_device_of_their_own(run):
    simulation, log = run(TREE)
    sizes = simulation.world.data.partition.sizes
    assert (sizes[:4] == 0).all()
    assert (sizes[4:] > 0).all()
    records = log.of("AgentRecord")
    assert [r.device for r in records[:4]] == ["aggregator"] * 4
    assert all(r.train_steps == 0 for r in records[:4])
    assert all(r.train_steps > 0 for r in records[4:])
    counts = simulation.world.data.partition.label_counts
    assert (counts.sum(1) == sizes).all()


# -- rounds ----------------------------------------------------------------------------------------


def test_a_round_of_predictions_asks_answers_and_tells(run):
    _, log = run(STAR, duration="9 s")
    messages = log.of("MessageRecord")
    told = 4 * 32 * 10
    kinds = [(m.kind, m.payload_bytes, m.sender == 0) for m in messages]
    assert sorted(kinds) == sorted(
        [("request", 0, True)] * 5
        + [("soft_labels", told, False)] * 5
        + [("soft_labels", told, True)] * 5
    )
    asks = {m.message for m in messages if m.kind == "request"}
    answers = [m for m in messages if m.sender != 0]
    assert {m.replies_to for m in answers} == asks
    told_s = min(m.sent_s for m in messages if m.sender == 0 and m.kind != "request")
    assert told_s > max(m.ended_s for m in answers)


def test_an_aggregate_is_told_in_single_precision_whatever_came_in(run):
    method = {**STAR["method"], "send": {"rows": "all", "codec": {"kind": "bits", "b": 1}}}
    _, log = run(STAR, method=method, duration="9 s")
    sizes = {(m.sender == 0, m.payload_bytes) for m in log.of("MessageRecord")}
    one_bit = -(-((10**32 - 1).bit_length()) // 8)
    assert sizes == {(True, 0), (True, 4 * 32 * 10), (False, one_bit)}


def test_partly_told_rows_are_named(run):
    method = {**STAR["method"], "send": {"rows": 8, "subset": "message"}}
    _, log = run(STAR, method=method, duration="9 s")
    (size,) = {m.payload_bytes for m in log.of("MessageRecord") if m.sender == 0} - {0}
    assert size % 44 == 0  # a row and its id
    assert 8 * 44 < size <= 31 * 44


@pytest.mark.parametrize(("fraction", "cohort"), [(1.0, 5), (0.5, 2), (0.1, 1)])
def test_max_c_k_or_1_of_the_clients_are_asked(run, fraction, cohort):
    gossip = {"every": "10 s", "protocol": {"kind": "coordinated", "fraction": fraction}}
    _, log = run(STAR, method={**MODELS, "gossip": gossip})
    asked = [m for m in log.of("MessageRecord") if m.sender == 0]
    rounds = {int(m.sent_s // 10) for m in asked}
    assert len(asked) == cohort * len(rounds)
    assert {m.receiver for m in asked} == {1, 2, 3, 4, 5}


def test_inner_servers_hold_their_rounds_first(run):
    gossip = {"every": "30 s", "protocol": {"kind": "coordinated", "inner_rounds": 2}}
    _, log = run(TREE, method={**MODELS, "gossip": gossip}, duration="29 s")
    messages = log.of("MessageRecord")
    between = {}
    for m in messages:
        between.setdefault((min(m.sender, m.receiver), max(m.sender, m.receiver)), []).append(m)
    edges = {(0, 1), (0, 2), (0, 3)}
    assert {pair: len(found) for pair, found in between.items()} == {
        pair: 2 if pair in edges else 4 for pair in between
    }
    for m in (m for pair in edges for m in between[pair] if m.replies_to >= 0):
        below = [b for b in messages if m.sender in (b.sender, b.receiver) and b is not m]
        assert m.sent_s >= max(b.ended_s for b in below)


def test_samples_are_told_upwards_in_four_bytes(run):
    _, log = run(STAR, method=MODELS)
    sizes = {(m.sender == 0, m.payload_bytes) for m in log.of("MessageRecord")}
    (down,) = {size for hub, size in sizes if hub}
    assert sizes == {(True, down), (False, down + 4)}


def test_what_is_lost_is_not_waited_for_longer_than_patience(run):
    gossip = {"every": "10 s", "protocol": {"kind": "coordinated", "patience": "20 s"}}
    method = {**STAR["method"], "gossip": gossip}
    _, log = run(STAR, method=method, links={"loss": "30 %"}, duration="10 min")
    messages = log.of("MessageRecord")
    assert any(m.status == "lost" for m in messages)
    starts = sorted({m.sent_s for m in messages if m.kind == "request"})
    gaps = np.diff(starts)
    assert len(starts) > 20
    assert gaps.max() < 25
    assert gaps.max() > 20


def test_late_answers_are_ignored(run):
    """With patience shorter than the way there and back no answer ever counts."""
    gossip = {"every": "10 s", "protocol": {"kind": "coordinated", "patience": "1 s"}}
    far = {"latency": {"kind": "constant", "value": "1 s"}}
    _, log = run(STAR, method={**STAR["method"], "gossip": gossip}, links=far)
    messages = log.of("MessageRecord")
    assert any(m.sender != 0 and m.status == "delivered" for m in messages)
    assert all(m.kind == "request" for m in messages if m.sender == 0)


# -- Jeong et al. (2018), Table 1 ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "bits"), [("jeong-parameters", 1_228_439_552), ("jeong-labels", 102_400)]
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_bits_a_device_in_sixteen_rounds(name, bits, dry_run, tmp_path):
    """To the bit, as foretold by a dry run and as counted in a run."""
    import p2pkd

    quick = ["agents=3", "method.learn.local_steps=1", "method.learn.batch=2", "data.test=5 %"]
    quick += ["data.dataset.rows=200"]
    result = p2pkd.simulate(
        f"scenarios/methods/{name}.yaml",
        overrides=[] if dry_run else quick,
        dry_run=dry_run,
        out=tmp_path / "run",
    )
    messages = result.messages
    devices = range(1, len(result.agents))
    assert len(devices) == (10 if dry_run else 2)
    for device in devices:
        own = (messages["sender"] == device) | (messages["receiver"] == device)
        assert 8 * messages["payload_bytes"][own].sum() == bits


def test_the_scenarios_model_is_the_papers():
    scenario = load_scenario("scenarios/methods/jeong-parameters.yaml").scenario
    model = scenario.devices[0].model
    assert model.count_parameters(*scenario.data.dataset.known_shape()) == 1_199_648
