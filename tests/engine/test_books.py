"""Whatever a scenario asks for, nothing is lost in the books."""

from pathlib import Path

import books
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simlog import Log

from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.scenario.load import scenario_from_dict


def seconds(low, high):
    return st.floats(low, high).map(lambda s: f"{s:.3f} s")


def optional(**keys):
    """Dictionaries with any of *keys*."""
    return st.fixed_dictionaries({}, optional=keys)


RENEWAL = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["exponential", "lognormal", "weibull"]),
        "online": seconds(1, 20),
        "offline": seconds(0.5, 10),
    }
)
DIURNAL = st.fixed_dictionaries(
    {
        "kind": st.just("diurnal"),
        "curve": st.lists(st.floats(0, 1), min_size=2, max_size=4),
        "day": seconds(5, 20),
        "spread": seconds(0, 9),
    }
)
TURNOVER = st.fixed_dictionaries({"share": st.floats(0, 1)}, optional={"after": seconds(0, 9)})
FAILURES = st.lists(
    st.fixed_dictionaries(
        {"at": seconds(0, 20), "agents": st.lists(st.integers(0, 3), max_size=3)},
        optional={"lasts": seconds(0.5, 10)},
    ),
    max_size=3,
)
CHURN = optional(
    sessions=st.one_of(RENEWAL, DIURNAL),
    failures=FAILURES,
    arrivals=TURNOVER,
    departures=TURNOVER,
    computation=st.sampled_from(["lost", "resumes"]),
    memory=st.sampled_from(["kept", "lost"]),
)
SHARED = {
    "latency": st.fixed_dictionaries(
        {"kind": st.just("uniform"), "low": seconds(0, 0.1), "high": seconds(0.1, 2)}
    ),
    "loss": st.floats(0, 0.6),
    "jitter": st.floats(0, 1),
    "retransmit": optional(
        timeout=seconds(0.1, 3), attempts=st.integers(1, 3), backoff=st.floats(1, 3)
    ),
    "packets": st.fixed_dictionaries(
        {"loss": st.floats(0, 0.5), "mtu": st.just("40 B"), "resend": st.booleans()}
    ),
}
FAIR = {
    "window": st.just("20 B"),
    "slow_start": st.booleans(),
    "variation": st.fixed_dictionaries(
        {
            "kind": st.just("daily"),
            "factors": st.lists(st.floats(0.1, 2), min_size=2, max_size=3),
            "day": seconds(2, 9),
        }
    ),
    "outages": st.lists(
        st.fixed_dictionaries(
            {"at": seconds(0, 20), "lasts": seconds(0.1, 9), "share": st.floats(0, 1)}
        ),
        max_size=2,
    ),
    "core": st.just([{"name": "site", "rate": "70 B/s", "agents": [0, 2]}]),
}
TCP = {
    **{key: SHARED[key] for key in ("latency", "loss", "jitter", "retransmit")},
    **{key: FAIR[key] for key in ("variation", "outages")},
    "packets": st.fixed_dictionaries({"loss": st.floats(0, 0.5)}),
    "connections": st.one_of(
        st.just("new"), st.fixed_dictionaries({"kind": st.just("kept"), "idle": seconds(0.1, 30)})
    ),
    "queue": st.sampled_from(["1.5 kB", "100 ms", "48 kB"]),
    "congestion": st.sampled_from(["cubic", "reno"]),
}
LINKS = st.one_of(
    st.fixed_dictionaries({"transport": st.just("fair")}, optional={**SHARED, **FAIR}),
    st.fixed_dictionaries({"transport": st.just("tcp")}, optional=TCP),
    st.fixed_dictionaries(
        {"transport": st.sampled_from(["fifo", "instant"])}, optional=dict(SHARED)
    ),
)
DEVICE = optional(
    battery=st.floats(5, 60).map(lambda j: f"{j:.2f} J"),
    background=st.floats(0, 0.9),
    duty=st.fixed_dictionaries({"period": seconds(0.2, 5), "share": st.floats(0.1, 1)}),
    throttling=st.just({"curve": [["500 ms", 0.5], ["3 s", 0.1]]}),
)
GOSSIP = st.fixed_dictionaries(
    {
        "protocol": st.sampled_from(["push", "pull", "push_pull"]),
        "clock": st.sampled_from(["periodic", "free", "rounds"]),
        "every": seconds(1, 6),
        "fanout": st.sampled_from([1, 2, "all"]),
    },
    optional={"queue": st.just({"limit": 2, "drop": "oldest"})},
)
SEND = st.fixed_dictionaries({"rows": st.sampled_from([4, "all"])})


@st.composite
def scenarios(draw):
    device = {
        "flops": "1 kFLOP/s",
        "memory": "1 MB",
        "uplink": "100 B/s",
        "downlink": "150 B/s",
        "idle_power": "1 W",
        "compute_power": "3 W",
        "radio_energy": "10 mJ/MB",
        "model": "linear",
    }
    learn = {
        "objective": draw(st.sampled_from(["response", "local", "self"])),
        "local_steps": 1,
        "batch": 8,
        "when": draw(st.sampled_from(["tick", "receive"])),
    }
    churn = draw(st.none() | CHURN)
    values = {
        "duration": "25 s",
        "seed": draw(st.integers(0, 9)),
        "agents": 4,
        "topology": "ring",
        "links": draw(LINKS),
        "devices": [device | draw(DEVICE)],
        "data": {
            "dataset": {"kind": "sklearn", "name": "iris"},
            "reference": {"rows": 8, "delivery": draw(st.sampled_from(["preloaded", "download"]))},
        },
        "method": {"send": draw(SEND), "gossip": draw(GOSSIP), "learn": learn},
        "evaluate": {"every": "10 s"},
    }
    return values if churn is None else values | {"churn": churn}


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(scenarios())
def test_the_books_balance(values):
    scenario, log = scenario_from_dict(values), Log()
    streams = Streams(scenario.seed)
    simulation = assemble(scenario, streams, Path(), log, dry_run=True)
    simulation.run()
    books.check(simulation, log)
