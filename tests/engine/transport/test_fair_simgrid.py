"""The fair transport against SimGrid, an independent simulator (tests/golden/simgrid)."""

import json
from pathlib import Path

import numpy as np
import pytest
from simpy import Environment
from wires import PlainLinks, Wire

from p2pkd.engine.transport import Fair, SharedLinks

GOLDEN = Path(__file__).parents[2] / "golden" / "simgrid"
CASES = json.loads((GOLDEN / "cases.json").read_text())


def replay(case):
    """Return the end of each flow as the fair transport has it."""
    crossed = {(f[0], f[1]): f[4] for f in case["flows"]}
    links = PlainLinks(np.array(case["up"]), np.array(case["down"]), case["latency"])
    shared = SharedLinks(case["core"], lambda a, b: crossed[a, b]) if case["core"] else None
    env = Environment()
    net = Wire(env, Fair(env, links, shared, window_bytes=case["window"] or None))
    for i, (source, target, size, start, *_) in enumerate(case["flows"]):
        net.send(i, source, target, size, at=start)
    env.run()
    return [net.ends[i] for i in range(len(case["flows"]))]


def test_there_are_cases_of_every_kind():
    assert len(CASES) >= 60
    assert {len(case["up"]) for case in CASES} == set(range(2, 31))
    assert {bool(case["core"]) for case in CASES} == {bool(case["window"]) for case in CASES}
    staggered = {any(flow[3] for flow in case["flows"]) for case in CASES}
    assert staggered == {True, False}


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_every_flow_ends_when_simgrid_says(case):
    assert replay(case) == pytest.approx([flow[5] for flow in case["flows"]], rel=1e-6)
