"""Absences: what they do to computations, messages, rounds and the books."""

from itertools import pairwise

import pytest

BASE = {
    "duration": "60 s",
    "agents": 3,
    "topology": {"kind": "ring"},
    "links": {"transport": "fifo", "latency": {"kind": "constant", "value": "50 ms"}},
    "devices": [
        {
            "name": "toy",
            "flops": "1 kFLOP/s",
            "memory": "1 MB",
            "uplink": "100 B/s",
            "downlink": "100 B/s",
            "idle_power": "1 W",
            "compute_power": "3 W",
            "model": "linear",
        }
    ],
    "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 10}},
    "method": {
        "send": {"rows": 10, "codec": "float32"},
        "gossip": {"clock": "rounds", "every": "15 s", "peers": "round_robin"},
        "learn": {"objective": "response", "local_steps": 2, "distill_steps": 1, "batch": 8},
    },
}
FORWARD = 27  # FLOPs a row: 2 x 4 x 3 and 3 biases; three times that in training
TRAIN_S = 3 * 2 * 8 * FORWARD / 1000
PREDICT_S = 10 * FORWARD / 1000
SIZE = 10 * 3 * 4 + 64


def failing(at, lasts=None, agents=(0,), **keys):
    failure = {"at": at, "agents": list(agents)} | ({"lasts": lasts} if lasts else {})
    return {"failures": [failure], **keys}


def test_a_computation_is_lost(run):
    _, log = run(BASE, churn=failing("500 ms", "2 s"))
    mine = [c for c in log.of("ComputeRecord") if c.agent == 0 and c.started_s < 15]
    assert [(c.kind, c.started_s, c.ended_s, c.completed) for c in mine] == [
        ("train", 0.0, 0.5, False)
    ]
    assert mine[0].flops == pytest.approx(500)
    assert mine[0].energy_j == pytest.approx(1.5)
    assert all(m.sender != 0 for m in log.of("MessageRecord") if m.sent_s < 15)
    presence = [tuple(p) for p in log.of("PresenceRecord")]
    assert presence == [(0.5, 0, False, "failure"), (2.5, 0, True, "failure")]
    assert log.of("AgentRecord")[0].online_s == pytest.approx(58)


def test_a_computation_resumes(run):
    _, log = run(BASE, churn=failing("500 ms", "2 s", computation="resumes"))
    mine = [c for c in log.of("ComputeRecord") if c.agent == 0 and c.started_s < 15]
    assert [(c.kind, c.completed) for c in mine] == [
        ("train", False),
        ("train", True),
        ("predict", True),
    ]
    assert mine[1].started_s == 2.5
    assert mine[1].ended_s == pytest.approx(TRAIN_S + 2)
    assert mine[0].flops + mine[1].flops == pytest.approx(TRAIN_S * 1000)
    (message,) = [m for m in log.of("MessageRecord") if m.sender == 0 and m.sent_s < 15]
    assert message.sent_s == pytest.approx(TRAIN_S + PREDICT_S + 2)


@pytest.mark.parametrize("transport", ["fair", "fifo"])
def test_a_transfer_is_aborted_and_charged_as_far_as_it_came(run, transport):
    links = {**BASE["links"], "transport": transport}
    sent = TRAIN_S + PREDICT_S
    at = sent + 0.05 + 0.8
    _, log = run(BASE, links=links, churn=failing(f"{at} s"))
    mine = [m for m in log.of("MessageRecord") if 0 in (m.sender, m.receiver)]
    crossed = {"fair": 80, "fifo": 85}[transport]  # the uplink of fifo needs no propagation first
    assert [(m.status, m.wire_bytes) for m in mine[:2]] == [("aborted", crossed)] * 2
    assert mine[0].ended_s == pytest.approx(at)


def test_who_is_sent_to_while_offline_is_not_reached(run):
    _, log = run(BASE, churn=failing("1 s"))
    gone = [m for m in log.of("MessageRecord") if m.receiver == 0]
    assert len(gone) > 1
    assert {(m.status, m.wire_bytes, m.attempts) for m in gone} == {("aborted", 0, 0)}
    assert all(m.ended_s == m.sent_s for m in gone)


def test_rounds_do_not_wait_for_the_absent(run):
    for computation in ("lost", "resumes"):
        _, log = run(BASE, churn=failing("1 s", computation=computation))
        starts = sorted({c.started_s for c in log.of("ComputeRecord") if c.kind == "distill"})
        assert starts == [15.0, 30.0, 45.0]


def test_rounds_begin_without_the_absent(run):
    for computation in ("lost", "resumes"):
        _, log = run(BASE, churn=failing("14 s", computation=computation))
        starts = {c.started_s for c in log.of("ComputeRecord") if c.kind == "distill"}
        assert starts == {15.0, 30.0, 45.0}


def test_an_agent_that_comes_back_joins_the_next_round(run):
    _, log = run(BASE, churn=failing("1 s", "20 s"))
    predicts = [c for c in log.of("ComputeRecord") if c.agent == 0 and c.kind == "predict"]
    assert [c.started_s // 15 for c in predicts] == [2, 3]


def test_asynchronous_ticks_keep_their_times(run):
    """Ticks missed are left out and the others stay where they were."""
    gossip = {"clock": "periodic", "every": "5 s", "jitter": 0.5, "peers": "round_robin"}
    method = {**BASE["method"], "gossip": gossip}
    starts = []
    for churn in (None, failing("20 s", "20 s")):
        _, log = run(BASE, method=method, **({"churn": churn} if churn else {}))
        turns = [c.started_s for c in log.of("ComputeRecord") if c.agent == 0 and c.kind == "train"]
        starts.append([t for t in turns if not 20 < t < 45])
    assert starts[0] == starts[1]


def test_memory_is_lost(run):
    for memory in ("kept", "lost"):
        _, log = run(BASE, duration="32 s", churn=failing("29 s", "500 ms", memory=memory))
        last = {c.kind for c in log.of("ComputeRecord") if c.agent == 0 and c.started_s >= 30}
        assert ("distill" in last) == (memory == "kept")


def test_late_arrivals_and_departures(run):
    churn = {
        "arrivals": {"share": "100 %", "after": "10 s", "until": "20 s"},
        "departures": {"share": "100 %", "after": "40 s"},
    }
    _, log = run(BASE, agents=20, churn=churn)
    presence = log.of("PresenceRecord")
    assert {(p.time_s, p.reason) for p in presence[:20]} == {(0.0, "late")}
    came = [p.time_s for p in presence if p.online]
    left = [p.time_s for p in presence if p.reason == "departed"]
    assert len(came) == len(left) == 20
    assert 10 <= min(came) < max(came) <= 20 < 40 <= min(left)
    assert all(m.sent_s >= 10 for m in log.of("MessageRecord"))
    assert log.of("AgentRecord")[3].online_s == pytest.approx(
        sum((1 if not p.online else -1) * p.time_s for p in presence[20:] if p.agent == 3)
    )


def test_a_cluster_fails_at_once(run):
    graph = {"kind": "stochastic_block", "clusters": 3, "p_in": 1, "p_out": 0.5}
    churn = {"failures": [{"at": "5 s", "cluster": 1}, {"at": "6 s", "around": 0, "lasts": "1 s"}]}
    simulation, log = run(BASE, agents=9, topology=graph, churn=churn)
    down = [p.agent for p in log.of("PresenceRecord") if p.time_s == 5]
    assert down == [3, 4, 5]
    around = {p.agent for p in log.of("PresenceRecord") if p.time_s == 6}
    neighbours = set(simulation.world.topology.neighbours(0).tolist()) | {0}
    assert around == neighbours - {3, 4, 5}
    assert simulation.network.online == [i not in (3, 4, 5) for i in range(9)]


def test_evaluations_see_who_is_online(run):
    churn = {"sessions": {"kind": "exponential", "online": "10 s", "offline": "10 s"}}
    _, log = run(BASE, agents=30, churn=churn)
    changes = [(p.time_s, p.agent, p.online) for p in log.of("PresenceRecord")]
    for agent in range(30):
        states = [online for _, who, online in changes if who == agent]
        assert all(a != b for a, b in pairwise(states))
    for message in log.of("MessageRecord"):
        if message.status == "delivered":
            assert not any(
                who in (message.sender, message.receiver)
                and message.sent_s < time < message.ended_s
                for time, who, _ in changes
            )
    for job in log.of("ComputeRecord"):
        assert not any(
            who == job.agent and job.started_s < time < job.ended_s for time, who, _ in changes
        )


def test_no_churn_makes_no_presence(run):
    simulation, log = run(BASE)
    assert simulation.presence is None
    assert log.of("PresenceRecord") == []


def test_errors_name_the_place(run):
    from p2pkd.core.errors import InputError

    for failure, words in (
        ({"at": "1 s", "cluster": 0}, r"churn.failures.0.cluster: a ring graph has no clusters"),
        ({"at": "1 s", "around": 3}, r"churn.failures.0.around: there is no agent 3"),
        ({"at": "1 s", "agents": [7]}, r"churn.failures.0.agents: there is no agent 7"),
    ):
        with pytest.raises(InputError, match=words):
            run(BASE, churn={"failures": [failure]})
