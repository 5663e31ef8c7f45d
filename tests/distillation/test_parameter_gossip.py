"""Parameter gossip through the whole program, against loops in NumPy."""

import numpy as np
import pytest
from gossip_oracle import LR, learn, played

from p2pkd.core.errors import ScenarioError

ROUNDS = 7  # at 0, 10, ..., 60 s


def close(one, other):
    np.testing.assert_allclose(one, other, atol=2e-5 * np.abs(other).max())


# -- stochastic gradient push ----------------------------------------------------------------------


def sgp(**changes):
    return played({"preset": "sgp", "learn": learn()}, **changes)


def test_sgp_is_algorithm_1():
    """Assran et al. (2019), Algorithm 1: biased x, weights w, gradients at z = x / w."""
    run = sgp()
    n, steps = 6, [1, 2, 4]
    x, w = run.before.copy(), np.ones(n)
    for k in range(ROUNDS):
        gradients = np.array([run.gradient(i, x[i] / w[i]) for i in range(n)])
        half = x - LR * gradients
        z = half / w[:, None]
        p = np.eye(n) / 2
        for i in range(n):
            p[(i + steps[k % 3]) % n, i] += 0.5
        x, w = p @ half, p @ w
    # The last messages have arrived and have not been taken in.
    close(run.after, z)


def waiting(agent):
    return sum(memo.contents.mass for memo in agent.memory.memos)


def test_unequal_out_degrees_keep_weights_that_differ_and_still_find_the_mean():
    """On a directed graph that is not regular z converges to the mean, unlike plain averages."""
    run = played(
        {
            "preset": "sgp",
            "gossip": {"peers": "uniform", "fanout": "all", "every": "1 s"},
            "learn": learn(local_steps=0),
        },
        topology={"kind": "star"},
        duration="60.5 s",
    )
    masses = np.array([agent.mass + waiting(agent) for agent in run.agents])
    np.testing.assert_allclose(masses, [9 / 4, *[3 / 4] * 5], rtol=1e-3)
    mean = run.before.mean(0)
    close(run.after, np.tile(mean, (6, 1)))


def test_mass_is_conserved_and_what_is_lost_is_gone():
    def total(run):
        return sum(agent.mass + waiting(agent) for agent in run.agents)

    assert total(sgp()) == pytest.approx(6, rel=1e-12)
    lossy = sgp(links={"loss": "20 %"})
    lost = {m.message for m in lossy.log.messages if m.status == "lost"}
    assert lost
    assert total(lossy) < 6 - len(lost) / 2**ROUNDS


def test_what_is_lost_is_lost_share_by_share():
    """Without training, sum w z changes by exactly the shares that are lost."""
    run = played(
        {"preset": "sgp", "learn": learn(local_steps=0)},
        links={"loss": "20 %"},
    )
    # Replay w and x from the messages' fates alone, round by round.
    n, x, w = 6, run.before.copy(), np.ones(6)
    arrived = {(int(m.sent_s // 10), m.sender): m for m in run.log.messages}
    for k in range(ROUNDS):
        z = x / w[:, None]
        x, w = x / 2, w / 2
        sent_x, sent_w = x.copy(), w.copy()
        for i in range(n):
            m = arrived[k, i]
            if m.status == "delivered":
                x[m.receiver] += sent_x[i]
                w[m.receiver] += sent_w[i]
    assert any(m.status == "lost" for m in run.log.messages)
    close(run.after, z)


def test_the_weight_is_on_the_wire():
    run = sgp()
    parameters = run.before.shape[1]
    assert {m.payload_bytes for m in run.log.messages} == {4 * parameters + 4}


# -- asynchronous pairwise averaging ---------------------------------------------------------------


def adpsgd(**changes):
    method = {"preset": "ad-psgd", "gossip": {"jitter": "30 %"}, "learn": learn()}
    # So slow that averages come in the middle of gradients.
    slow = [{"profile": "laptop", "model": "linear", "slowdown": 1e7}]
    return played(method, devices=slow, **changes)


def test_adpsgd_is_its_history_replayed():
    """From the times of messages and computations alone, whatever their order."""
    run = adpsgd(links={"loss": "10 %", "latency": {"kind": "constant", "value": "2 s"}})
    events = []
    for m in run.log.messages:
        events.append((m.sent_s, 0, "sent", m))
        if m.status == "delivered":
            events.append((m.ended_s, 1, "heard", m))
    for c in run.log.computations:
        if c.kind == "train":
            events.append((c.started_s, 2, "start", c))
            if c.completed:
                events.append((c.ended_s, 3, "end", c))
    x, said, begun, overlaps = run.before.copy(), {}, {}, 0
    for _, _, what, record in sorted(events, key=lambda e: (e[0], _cause(e))):
        if what == "sent":
            said[record.message] = x[record.sender].copy()
        elif what == "heard" and record.replies_to < 0:
            x[record.receiver] += (said[record.message] - x[record.receiver]) / 2
        elif what == "heard":
            x[record.receiver] += (said[record.message] - said[record.replies_to]) / 2
        elif what == "start":
            begun[record.agent] = x[record.agent].copy()
        else:
            start = begun.pop(record.agent)
            overlaps += not np.array_equal(start, x[record.agent])
            x[record.agent] -= LR * run.gradient(record.agent, start)
    assert overlaps > 3
    assert any(m.status == "lost" for m in run.log.messages)
    close(run.after, x)


def _cause(event):
    """At one time: a reply is sent before its sender moves, and work ends before other begins."""
    return {"end": 0, "sent": 1, "heard": 2, "start": 3}[event[2]]


def test_pairwise_averaging_conserves_the_sum():
    run = played(
        {"preset": "ad-psgd", "learn": learn(local_steps=0)},
        duration="69 s",
        models={"start": {"kind": "fresh", "alike": False}},
    )
    assert all(m.status == "delivered" for m in run.log.messages)
    np.testing.assert_allclose(run.after.sum(0), run.before.sum(0), atol=1e-5)
    assert run.after.std(0).max() < run.before.std(0).max() / 3


# -- compressed differences ------------------------------------------------------------------------


def largest(v, share):
    kept = np.zeros_like(v)
    order = np.argsort(-np.abs(v), kind="stable")[: int(np.ceil(share * len(v)))]
    kept[order] = v[order]
    return kept


def signs(v, _):
    return np.abs(v).mean() * np.where(v >= 0, 1, -1)


@pytest.mark.parametrize(
    ("codec", "compress"),
    [({"kind": "largest", "share": 0.4}, largest), ({"kind": "signs"}, signs)],
    ids=["largest", "signs"],
)
def test_choco_is_algorithm_2(codec, compress):
    """Koloskova et al. (2019), Algorithm 2, on a ring; w_ij = 1/3."""
    run = played(
        {"preset": "choco", "send": {"codec": codec}, "learn": learn(consensus=0.3)},
    )
    n, x = 6, run.before.copy()
    public = np.zeros_like(x)
    w = (np.eye(n) + np.roll(np.eye(n), 1, 0) + np.roll(np.eye(n), -1, 0)) / 3
    for _ in range(ROUNDS):
        half = x - LR * np.array([run.gradient(i, x[i]) for i in range(n)])
        q = np.array([compress(half[i] - public[i], 0.4) for i in range(n)])
        public = public + q
        x = half + 0.3 * (w @ public - public)
    close(run.after, half)
    close([run.simulation.shared.learner.parameters(a.public) for a in run.agents], public)


def test_choco_without_compression_and_with_step_1_is_dpsgd_with_merged_gradients():
    plain = played({"preset": "d-psgd", "learn": learn(gradient_at="merged")})
    method = {"preset": "choco", "send": {"codec": "float32"}, "learn": learn(consensus=1.0)}
    close(played(method).after, plain.after)


def test_bytes_of_compressed_differences():
    def sizes(codec):
        run = played({"preset": "choco", "send": {"codec": codec}, "learn": learn()})
        return {m.payload_bytes for m in run.log.messages}

    assert sizes({"kind": "largest", "share": 0.2}) == {3 * 8}  # ceil(.2 x 15)
    assert sizes("signs") == {2 + 4}


def test_a_lost_difference_leaves_a_copy_behind():
    run = played({"preset": "choco", "learn": learn()}, links={"loss": "30 %"})
    look = run.simulation.shared.learner.parameters
    lost = {(m.sender, m.receiver) for m in run.log.messages if m.status == "lost"}
    for agent in run.agents:
        for peer, copy in agent.copies.items():
            same = np.array_equal(look(copy), look(run.agents[peer].public))
            waiting = any(m.sender == peer for m in agent.memory.memos)
            assert same or waiting or (peer, agent.agent) in lost
    assert lost


# -- epidemic learning -----------------------------------------------------------------------------


def test_epidemic_learning_is_its_rounds_replayed():
    """De Vos et al. (2023): a local step, s random receivers, the mean of all that came in."""
    run = played({"preset": "epidemic", "gossip": {"fanout": 2}, "learn": learn()})
    x = run.before.copy()
    for k in range(ROUNDS):
        half = x - LR * np.array([run.gradient(i, x[i]) for i in range(6)])
        heard = [[half[i]] for i in range(6)]
        now = [m for m in run.log.messages if m.sent_s // 10 == k]
        assert len(now) == 12
        for m in now:
            heard[m.receiver].append(half[m.sender])
        x = np.array([np.mean(models, 0) for models in heard])
    close(run.after, half)


# -- what does not go together ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "complaint"),
    [
        ({"preset": "sgp", "memory": "once"}, "memory.keep: 'push_sum' needs 'inbox'"),
        ({"preset": "sgp", "gossip": {"protocol": "push_pull"}}, "needs 'push'"),
        ({"preset": "ad-psgd", "gossip": {"protocol": "push"}}, "needs 'push_pull'"),
        ({"preset": "choco", "gossip": {"fanout": 1}}, "gossip.fanout: 'choco' needs 'all'"),
        ({"preset": "d-psgd", "send": {"codec": "signs"}}, "suits differences"),
        ({"preset": "sgp", "learn": {"when": "receive"}}, "learns at its own ticks"),
    ],
)
def test_misfits_are_named(method, complaint):
    with pytest.raises(ScenarioError, match=complaint):
        played(method)
