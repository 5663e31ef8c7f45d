"""Proxies: what travels, that push-sum averages them, and what is refused."""

import numpy as np
import pytest

from p2pkd.core.errors import ScenarioError
from p2pkd.scenario.load import scenario_from_dict

PROXY = {"kind": "mlp", "hidden": [4]}
SENT = 64 * 4 + 4 + 4 * 10 + 10


def devices(*privates, proxies=(PROXY, PROXY)):
    return [
        {
            "profile": "laptop",
            "share": "50 %",
            "model": {"kind": "duo", "private": private, "proxy": proxy},
        }
        for private, proxy in zip(privates, proxies, strict=True)
    ]


UNLIKE = devices("linear", {"kind": "mlp", "hidden": [8]})


def method(**learn):
    return {"preset": "proxyfl", "learn": {"objective": "proxy", "optimizer": "sgd", **learn}}


def parameters(simulation):
    learner = simulation.shared.learner
    return [learner.parameters(agent.version) for agent in simulation.agents]


def test_three_rounds_of_the_exponential_ring_average_eight_proxies(run):
    """(I + P_1)/2 (I + P_2)/2 (I + P_4)/2 is the mean over eight; private models stay."""
    still = {"numbers": True, "agents": 8, "devices": UNLIKE}
    before, _ = run(method(local_steps=0), duration="1 s", **still)
    after, log = run(method(local_steps=0), duration="100 s", **still)
    old, new = parameters(before), parameters(after)
    mean = np.mean([flat[:SENT] for flat in old], 0)
    for one, other in zip(old, new, strict=True):
        np.testing.assert_allclose(other[:SENT], mean, atol=1e-6)
        np.testing.assert_array_equal(other[SENT:], one[SENT:])
    assert {m.payload_bytes for m in log.messages} == {4 * SENT + 4}
    steps = [(m.receiver - m.sender) % 8 for m in log.messages]
    assert sorted(set(steps)) == [1, 2, 4]


def test_both_models_are_charged(run):
    simulation, log = run(method(local_steps=3, batch=10), devices=UNLIKE, duration="70 s")
    forward = {
        "linear": 2 * 640 + 10,
        "mlp 64-8-10": 2 * (64 * 8 + 80) + 18,
    }
    proxy = 2 * (64 * 4 + 40) + 14
    for work in log.computations:
        model = simulation.profile.models[work.agent]
        private = next(flops for name, flops in forward.items() if model.startswith(name))
        if work.kind == "train":
            assert work.flops == 3 * 3 * 10 * (private + proxy)
        else:
            assert (work.kind, work.flops) == ("merge", 2 * 2 * SENT)
    assert {work.kind for work in log.computations} == {"train", "merge"}


def test_a_run_is_the_same_one_agent_at_a_time(run):
    finals = []
    for executor in ("grouped", "loop"):
        simulation, _ = run(
            method(),
            numbers=True,
            duration="2 min",
            devices=UNLIKE,
            execution={"executor": executor},
            links={"loss": 0.2},
        )
        finals.append(np.concatenate(parameters(simulation)))
    np.testing.assert_array_equal(*finals)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"devices": [{"profile": "laptop"}]}, "'mlp' has no proxy, .* use duo"),
        ({"method": {}}, "'duo' has no logits"),
        ({"method": {"preset": "sgp"}}, "'duo' has no logits"),
        (
            {"method": {"preset": "proxyfl", "send": {"knowledge": {"part": "model"}}}},
            "'proxy' sends the proxy alone",
        ),
        (
            {
                "method": {
                    "preset": "sgp",
                    "send": {"knowledge": {"kind": "weights", "part": "proxy"}},
                }
            },
            "proxies are trained by learn.objective 'proxy', given 'push_sum'",
        ),
        (
            {"devices": devices("linear", "linear", proxies=(PROXY, "linear"))},
            "can only be sent between agents of one architecture",
        ),
        (
            {"devices": devices("linear", {"kind": "duo", "private": PROXY, "proxy": PROXY})},
            "a duo is made of single models",
        ),
    ],
)
def test_misfits_are_refused_by_name(changes, message):
    base = {"duration": "1 min", "agents": 4, "devices": UNLIKE, "method": {"preset": "proxyfl"}}
    with pytest.raises(ScenarioError, match=message):
        scenario_from_dict({**base, **changes})


def test_a_proxy_that_is_handed_on_takes_the_place_of_ones_own(run):
    """ProxyFL's code: after a round, everybody has the proxy of the agent one place before it."""
    asked = {"preset": "proxyfl", "learn": {"local_steps": 0}}
    still = {"numbers": True, "agents": 8, "devices": UNLIKE}
    still["models"] = {"start": {"kind": "fresh", "alike": False}}
    before, _ = run(asked, duration="1 s", **still)
    after, log = run(asked, duration="40 s", **still)
    old, new = parameters(before), parameters(after)
    for i, flat in enumerate(new):
        np.testing.assert_array_equal(flat[:SENT], old[i - 1][:SENT])
        np.testing.assert_array_equal(flat[SENT:], old[i][SENT:])
    assert {m.payload_bytes for m in log.messages} == {4 * SENT}
    assert {(m.receiver - m.sender) % 8 for m in log.messages} >= {1}


def test_of_two_proxies_the_mean_is_taken(run):
    """And who has received none, since its message was lost, keeps its own."""
    asked = {"preset": "proxyfl", "learn": {"local_steps": 0}, "gossip": {"fanout": 2}}
    still = {"numbers": True, "agents": 8, "devices": UNLIKE}
    still["models"] = {"start": {"kind": "fresh", "alike": False}}
    before, _ = run(asked, duration="1 s", **still)
    after, _ = run(asked, duration="40 s", **still)
    old, new = parameters(before), parameters(after)
    for i, flat in enumerate(new):
        mean = (old[i - 1][:SENT] + old[i - 2][:SENT]) / 2
        np.testing.assert_allclose(flat[:SENT], mean, atol=1e-6)
    lost, _ = run(asked, duration="40 s", links={"loss": 1.0}, **still)
    for one, other in zip(old, parameters(lost), strict=True):
        np.testing.assert_array_equal(one, other)
