"""What computing costs beside FLOPs: by hand, absent by default, and whole after interruptions."""

import numpy as np
import pytest
import simpy

from p2pkd.core.rng import Streams
from p2pkd.engine.device import Device, Job
from p2pkd.engine.effort import Traffic, make_efforts
from p2pkd.scenario.devices import DeviceSpec
from p2pkd.verify.observed import base, observe
from p2pkd.world.devices import build_devices

MODEL = Traffic(flops_forward=100.0, parameters=50, activation_floats=7, state_floats=60)
INLINE = {"flops": "1 kFLOP/s", "memory": "1 GB", "uplink": "1 MB/s", "downlink": "2 MB/s"}


def efforts(**figures):
    table = build_devices([DeviceSpec(**INLINE, **figures)], 1, Streams(0))
    return make_efforts(table, [MODEL])


@pytest.mark.parametrize(
    ("kind", "flops", "steps", "numbers"),
    [
        # Two steps with three rows: 6 P + 2 S a step, 6 A a row.
        ("train", 2 * 3 * 3 * 100, 2, 2 * (6 * 50 + 2 * 60) + 2 * 3 * 6 * 7),
        ("predict", 5 * 100, 0, 50 + 5 * 2 * 7),
        ("merge", 2 * 4 * 50, 0, 4 * 3 * 50),
    ],
)
def test_bytes_by_hand(kind, flops, steps, numbers):
    assert MODEL.bytes_moved(kind, flops, steps) == 4 * numbers
    slow = efforts(memory_bandwidth="1 kB/s", overhead="6 s")
    seconds = flops / 1e3 + 6 * (steps or 1 / 6) + 4 * numbers / 1e3
    assert slow.of(0, kind, flops, steps) / 1e3 == pytest.approx(seconds)


def test_nothing_to_do_takes_no_time():
    assert efforts(overhead="6 s").of(0, "predict", 0.0, 0) == 0


def test_without_the_keys_there_is_nothing_to_ask():
    assert efforts() is None
    assert efforts(overhead="0 s") is None
    assert efforts(overhead="1 ms") is not None
    assert efforts(memory_bandwidth="1 GB/s") is not None


def test_what_is_slowed_down_is_slower_in_all():
    full, half = (build_devices([DeviceSpec(**INLINE, overhead="2 s", memory_bandwidth="8 kB/s",
                  slowdown=by)], 1, Streams(0)) for by in (1, 2))  # fmt: skip
    assert half.overhead_s / full.overhead_s == full.bytes_per_s / half.bytes_per_s == 2


def test_a_job_cut_short_leaves_the_same_share_of_everything():
    env = simpy.Environment()
    device = Device(env, 10.0, 1.0)
    assert device.begin(Job("train", 0.0, 60.0, 1, 0, 0.0, 100.0)) == 10
    env.run(until=4)
    flops, seconds = device.end(completed=False)
    assert (flops, seconds) == pytest.approx((24, 4))
    assert (device.left_flops, device.left_effort) == pytest.approx((36, 60))


def test_absences_that_resume_lose_none_of_it():
    """Parts of a computation add up to it, in seconds and FLOPs, whatever comes in between."""
    churn = {
        "computation": "resumes",
        "sessions": {"kind": "exponential", "online": "3 s", "offline": "2 s"},
    }
    device = {"overhead": "1 s", "memory_bandwidth": "100 kB/s"}
    whole = observe(base(2, 60.0, device=device)).computations[0]
    seen = observe(base(4, 200.0, device=device, churn=churn)).computations
    for agent in range(4):
        first, parts = [c for c in seen if c.agent == agent and c.kind == "train"], []
        for part in first:
            parts.append(part)
            if part.completed:
                break
        spent = sum(part.ended_s - part.started_s for part in parts)
        assert spent == pytest.approx(whole.ended_s - whole.started_s)
        assert sum(part.flops for part in parts) == pytest.approx(whole.flops)
    assert any(not part.completed for part in seen)


def test_widths_that_are_tried_and_dropped_pay_their_steps():
    """A search tries widths whose steps reach no model; each of these has its overhead."""
    learn = {"objective": "nas", "choose_every": 1, "widths": [0.5, 1.0]}
    values = base(
        3, 60.0, method={"learn": learn, "gossip": {"every": "20 s"}},
        device={"model": {"kind": "mlp", "hidden": [4]}, "overhead": "100 ms"},
    )  # fmt: skip
    seen = observe(values, learns=True).computations
    dropped = [c for c in seen if c.kind == "train" and c.completed and not c.steps]
    assert dropped
    spent = np.array([c.ended_s - c.started_s - c.flops / 1e6 for c in dropped])
    assert spent == pytest.approx(0.5)  # five steps of 100 ms
