"""Same scenario and seed, same bytes; streams that do not disturb each other."""

import json
import os
import subprocess
import sys

import pytest

import p2pkd

SMALL = {
    "name": "small",
    "duration": "3 min",
    "agents": 6,
    "topology": {"kind": "ring"},
    "devices": [
        {"profile": "raspberry-pi-4", "share": 0.5, "model": {"kind": "mlp", "hidden": [8]}},
        {"profile": "laptop", "share": 0.5, "model": {"kind": "mlp", "hidden": [16]}},
    ],
    "links": {"loss": 0.1},
    "data": {"partition": {"kind": "dirichlet", "alpha": 0.3}},
    "method": {
        "send": {"rows": 32, "codec": "float16"},
        "gossip": {"every": "10 s"},
        "learn": {"objective": "response", "optimizer": "adam", "lr": 0.005},
    },
}

PROGRAM = """
import json, sys
import p2pkd
result = p2pkd.simulate(json.loads(sys.argv[1]), out=sys.argv[2], seed=1)
print(result.summary["fingerprint"])
"""


def fingerprint(out, *, hash_seed="0"):
    """Return that of a run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(SMALL), str(out)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return fingerprint(tmp_path_factory.mktemp("runs") / "first")


def test_equal_in_another_process_with_another_hash_seed(first, tmp_path):
    assert fingerprint(tmp_path / "run", hash_seed="4711") == first


def here(out, *, seed=1, **changes):
    """Return the fingerprint of a run in this process."""
    return p2pkd.simulate({**SMALL, **changes}, out=out, seed=seed).summary["fingerprint"]


def test_another_seed_is_another_run(first, tmp_path):
    assert here(tmp_path / "run", seed=2) != first


@pytest.mark.parametrize("execution", [{"executor": "loop"}, {"chunk": 2, "threads": 1}])
def test_the_executor_changes_nothing(first, tmp_path, execution):
    assert here(tmp_path / "run", execution=execution) == first


def timeline(run, **changes):
    _, log = run(SMALL, **changes)
    return [(m.sender, m.receiver, m.sent_s, m.status) for m in log.of("MessageRecord")]


def test_looking_more_often_changes_no_timeline(run):
    assert timeline(run, evaluate={"every": "7 s"}) == timeline(run)


def test_losses_do_not_depend_on_what_is_learned(run):
    learn = {"objective": "response", "optimizer": "adam", "lr": 0.1}
    other = {**SMALL["method"], "learn": learn}
    assert timeline(run, method=other) == timeline(run)


def test_peers_do_not_depend_on_the_partition(run):
    receivers = [m[:2] for m in timeline(run)]
    other = [m[:2] for m in timeline(run, data={"partition": {"kind": "iid"}})]
    assert receivers == other
