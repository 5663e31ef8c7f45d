"""The monkey kills each agent at, and between, every event of a run; the books still balance."""

import functools
from pathlib import Path

import books
import pytest
from simlog import Log

from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.world.world import build_world

SMALL = {
    "duration": "11 s",
    "agents": 3,
    "topology": "complete",
    "links": {
        "latency": {"kind": "uniform", "low": "20 ms", "high": "80 ms"},
        "loss": 0.2,
        "retransmit": {"timeout": "500 ms", "attempts": 3},
    },
    "devices": [
        {
            "flops": "1 kFLOP/s",
            "memory": "1 MB",
            "uplink": "100 B/s",
            "downlink": "150 B/s",
            "idle_power": "1 W",
            "compute_power": "3 W",
            "model": "linear",
        }
    ],
    "data": {"dataset": {"kind": "sklearn", "name": "iris"}, "reference": {"rows": 8}},
    "evaluate": {"every": "1 h"},
}
# A handshake takes hundreds of bytes, which would be most of a round.
QUICK = {"uplink": "1 kB/s", "downlink": "1500 B/s"}
GOSSIP = {
    "push": {"protocol": "push", "every": "4 s", "fanout": 2},
    "push_pull": {"protocol": "push_pull", "every": "5 s"},
    "rounds": {"protocol": "push_pull", "clock": "rounds", "every": "4 s"},
}


@pytest.fixture(autouse=True, scope="module")
def one_world():
    """Build data and graph once: only events are of interest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("p2pkd.engine.assemble.build_world", functools.cache(build_world))
        yield


def scenario(transport, gossip, computation, when="tick"):
    learn = {"objective": "response", "local_steps": 1, "distill_steps": 1, "batch": 8}
    return scenario_from_dict(
        {
            **SMALL,
            "links": {
                **SMALL["links"],
                "transport": transport,
                **(QUICK if transport == "tcp" else {}),
            },
            "churn": {"computation": computation, "memory": "lost"},
            "method": {
                "send": {"rows": 8},
                "gossip": GOSSIP[gossip],
                "learn": {**learn, "when": when},
            },
        }
    )


STREAMS, BASE = Streams(7), Path()


def drive(spec, victim, events, beside, away):
    """Run *spec*; after *events* events kill *victim*, for *away* more events.

    With *beside* the kill happens half way to the next event.  Return the number of events.
    """
    log = Log()
    simulation = assemble(spec, STREAMS, BASE, log, dry_run=True)
    env, presence = simulation.env, simulation.presence
    simulation.start()
    count = 0

    def step():
        nonlocal count
        if env.peek() < spec.duration:
            env.step()
            count += 1

    for _ in range(events):
        step()
    if beside and env.now < env.peek() < spec.duration:
        env.run(until=(env.now + env.peek()) / 2)
    presence.leave(victim, "monkey")
    for _ in range(away):
        step()
    if away >= 0:
        presence.come(victim, "monkey")
    back = env.now
    while env.peek() < spec.duration:
        step()
    env.run(until=spec.duration)
    simulation.finish()
    books.check(simulation, log)
    if away >= 0 and env.now - back > 8:
        jobs = [c for c in log.of("ComputeRecord") if c.agent == victim]
        assert max(c.ended_s for c in jobs) > back, "who comes back goes on"
    return count


@pytest.mark.parametrize("computation", ["lost", "resumes"])
@pytest.mark.parametrize("gossip", GOSSIP)
@pytest.mark.parametrize("transport", ["tcp", "fair", "fifo", "instant"])
@pytest.mark.parametrize("victims", ["one", pytest.param("all", marks=pytest.mark.long)])
def test_killed_at_every_event(transport, gossip, computation, victims):
    spec = scenario(transport, gossip, computation)
    total = drive(spec, 0, 10_000, False, -1)
    assert total > 30
    # Packets make more events, many of which change nothing.
    for events in range(0, total, 3 if transport == "tcp" else 1):
        for beside in (False, True):
            for victim in range(3) if victims == "all" else [events % 3]:
                drive(spec, victim, events, beside, (events * 7 + victim) % 23)


def test_learning_on_receipt():
    for computation in ("lost", "resumes"):
        spec = scenario("fair", "push", computation, when="receive")
        total = drive(spec, 0, 10_000, False, -1)
        for events in range(total):
            drive(spec, events % 3, events, events % 2 == 0, (events * 5) % 19)


def test_killed_and_back_at_once():
    """Nothing of what was under way before may go on afterwards."""
    for computation in ("lost", "resumes"):
        spec = scenario("fair", "push_pull", computation)
        total = drive(spec, 0, 10_000, False, -1)
        for events in range(total):
            drive(spec, events % 3, events, False, 0)
