"""Rates from tables of phones, and how rates change."""

import os
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import TraceError
from p2pkd.core.rng import Streams
from p2pkd.scenario.link_options import (
    DailyVariation,
    MahimahiVariation,
    RateTableSpec,
    ScaleSpec,
    TraceVariation,
)
from p2pkd.world.links import Links
from p2pkd.world.rates import measured_rates
from p2pkd.world.topology import Topology
from p2pkd.world.variation import build_variation

DATA = Path(os.environ.get("P2PKD_DATA", Path(__file__).parents[3] / "shared" / "data"))
PHONES = DATA / "devices" / "phone_bandwidth_kB_per_s.json"

TABLE = """{
  "a": {"down_u": 1000, "down_sigma": 0, "up_u": 500, "up_sigma": 0},
  "b": {"down_u": 2000, "down_sigma": 500, "up_u": 800, "up_sigma": 8000}
}"""


def rates(tmp_path, text, n=2, **keys):
    (tmp_path / "phones.json").write_text(text)
    return measured_rates(RateTableSpec(path="phones.json", **keys), n, Streams(3), tmp_path)


def test_a_row_each_while_there_are_enough(tmp_path):
    up, down = rates(tmp_path, TABLE)
    a = int(np.argmin(down))
    assert (up[a], down[a]) == (5e5, 1e6)
    assert down[1 - a] != 2e6


def test_a_rate_is_normal_but_not_too_small(tmp_path):
    up, down = rates(tmp_path, TABLE, n=4000)
    b = down[down != 1e6]
    assert b.mean() == pytest.approx(2e6, rel=0.02)
    assert b.std() == pytest.approx(5e5, rel=0.05)
    assert up.min() == pytest.approx(8e4)  # a tenth of 800 kB/s


def test_an_agent_has_its_own_chance(tmp_path):
    few, many = rates(tmp_path, TABLE, n=2), rates(tmp_path, TABLE, n=20)
    assert few[0].tolist() == many[0][:2].tolist()


@pytest.mark.skipif(not PHONES.exists(), reason=f"no {PHONES}")
def test_the_real_phones():
    up, down = measured_rates(RateTableSpec(path=str(PHONES)), 2000, Streams(3), Path())
    assert 2e6 < np.median(up) < 5e6
    assert 3e6 < np.median(down) < 6e6


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{\n"a": {"up_u": 1}}', r"phones.json:2: no column 'up_sigma'"),
        ('{\n"a": {"up_u": -1, "up_sigma": 1}}', r"phones.json:2: up_u: -1 must be more than 0"),
        ('{\n"a": {"up_u": 1, "up_sigma": -1}}', r"phones.json:2: up_sigma: -1 must be 0 or more"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, text, words):
    with pytest.raises(TraceError, match=words):
        rates(tmp_path, text)


TOPOLOGY = Topology.from_edges(3, [0, 1], [1, 2], names=("x", "y", "z"))
LINKS = Links(np.full(3, 10.0), np.full(3, 20.0), TOPOLOGY, lambda a, b: 0.0)


def steps(spec, base=Path(), count=5):
    found = islice(build_variation(spec, LINKS, base)(), count)
    return [(s.time_s, s.nodes.tolist(), s.uplink.tolist(), s.downlink.tolist()) for s in found]


def test_daily():
    spec = DailyVariation(factors=[1, 0.5], day="10 s")
    every = [0, 1, 2]
    full, half = ([10.0] * 3, [20.0] * 3), ([5.0] * 3, [10.0] * 3)
    assert steps(spec, count=3) == [(0, every, *full), (5, every, *half), (10, every, *full)]


def test_trace(tmp_path):
    (tmp_path / "t.csv").write_text("time,uplink,downlink,id\n0,1,2,y\n5,3 kB/s,4,z\n")
    spec = TraceVariation(path="t.csv", unit="1 kB/s")
    assert steps(spec, tmp_path) == [(0, [1], [1e3], [2e3]), (5, [2], [3e3], [4e3])]


def test_trace_for_all(tmp_path):
    (tmp_path / "t.csv").write_text("time, uplink, downlink\n0, 1, 2\n")
    assert steps(TraceVariation(path="t.csv"), tmp_path) == [(0, [0, 1, 2], [1.0] * 3, [2.0] * 3)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "time,uplink,downlink\n5,1,1\n3,1,1\n",
            r"t.csv:3:1: time 3 s after 5 s; times must ascend",
        ),
        ("time,uplink,downlink\n-5,1,1\n", r"t.csv:2:1: time: -5 must be 0 or more"),
        ("time,uplink,downlink\n5,-1,1\n", r"t.csv:2:3: uplink: -1 must be 0 or more"),
        ("time,uplink,downlink,id\n5,1,1,w\n", r"t.csv:2:7: there is no agent 'w'; known: x, y, z"),
        ("time,uplink\n5,1\n", r"t.csv:2: no column 'downlink'"),
    ],
)
def test_wrong_traces_are_refused(tmp_path, text, words):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(TraceError, match=words):
        steps(TraceVariation(path="t.csv"), tmp_path)


def test_scaled_traces(tmp_path):
    (tmp_path / "t.csv").write_text("time,uplink,downlink\n0,1000,2000\n5,0,4000\n")
    (tmp_path / "m.trace").write_text("1\n2\n1500\n2000\n")
    for spec in (TraceVariation(path="t.csv"), MahimahiVariation(path="m.trace")):
        half = replace(LINKS, scale=ScaleSpec(rate=0.5))
        for full, scaled in zip(
            islice(build_variation(spec, LINKS, tmp_path)(), 4),
            islice(build_variation(spec, half, tmp_path)(), 4),
            strict=True,
        ):
            assert scaled.time_s == full.time_s
            assert scaled.uplink.tolist() == (0.5 * full.uplink).tolist()
            assert scaled.downlink.tolist() == (0.5 * full.downlink).tolist()
