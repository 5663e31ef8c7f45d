"""Delays are symmetric, kept, and as distributed as the scenario says."""

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.scenario import links as specs
from p2pkd.scenario.devices import DeviceSpec
from p2pkd.world.devices import build_devices
from p2pkd.world.links import build_links
from p2pkd.world.topology import Topology

LOGNORMAL = specs.LognormalLatency(median="60 ms", sigma=0.6)


def links(latency=LOGNORMAL, n=200, seed=1, topology=None, **rates):
    topology = topology or Topology.from_edges(n, [], [])
    devices = build_devices([DeviceSpec(profile="laptop")], topology.n, Streams(seed))
    spec = specs.LinksSpec(latency=latency, **rates)
    return build_links(spec, topology, devices, Streams(seed), Path())


def all_pairs(made, n=200):
    return np.array([made.latency(a, b) for a in range(n) for b in range(a)])


def test_symmetric_and_kept():
    made = links()
    first = [made.latency(a, b) for a, b in [(3, 9), (9, 3), (3, 9), (0, 1), (5, 5)]]
    assert first[0] == first[1] == first[2] != first[3]
    assert first[4] == 0.0


def test_adding_agents_changes_no_pair():
    small, large = links(n=10), links(n=200)
    assert all_pairs(small, 10).tolist() == all_pairs(large, 10).tolist()


def test_the_seed_makes_the_delays():
    assert links().latency(1, 2) == links().latency(1, 2) != links(seed=2).latency(1, 2)


def test_lognormal_median_and_deviation():
    logs = np.log(all_pairs(links()) / 0.060)
    n = len(logs)
    assert abs(np.median(logs)) < 4 * 0.6 * (np.pi / 2 / n) ** 0.5
    assert abs(logs.std() - 0.6) < 4 * 0.6 / (2 * n) ** 0.5
    share = (logs < 0.6).mean()  # one standard deviation above
    assert abs(share - NormalDist().cdf(1)) < 4 * (0.16 * 0.84 / n) ** 0.5


def test_uniform_mean_and_range():
    delays = all_pairs(links(specs.UniformLatency(low="10 ms", high="30 ms")))
    assert 0.010 <= delays.min() < 0.0101
    assert 0.0299 < delays.max() <= 0.030
    assert abs(delays.mean() - 0.020) < 4 * 0.020 / (12 * len(delays)) ** 0.5


def test_constant():
    assert set(all_pairs(links(specs.ConstantLatency(value="7 ms"), n=5), 5)) == {0.007}


def test_by_distance():
    places = np.array([[0.0, 0], [3, 4], [0, 1]])
    topology = Topology.from_edges(3, [0], [1], positions=places)
    made = links(specs.DistanceLatency(per_unit="2 ms", base="1 ms"), topology=topology)
    assert [made.latency(0, 1), made.latency(2, 0)] == pytest.approx([0.011, 0.003])


def test_distance_needs_positions():
    with pytest.raises(InputError, match=r"needs positions.*random_geometric"):
        links(specs.DistanceLatency(per_unit="2 ms"))


def test_an_edges_own_values_come_first():
    topology = Topology.from_edges(
        3,
        [0, 1],
        [1, 2],
        latency_s=np.array([0.5, np.nan]),
        bandwidth=np.array([np.nan, 8.0]),
    )
    made = links(specs.ConstantLatency(value="7 ms"), topology=topology)
    assert [made.latency(1, 0), made.latency(1, 2), made.latency(0, 2)] == [0.5, 0.007, 0.007]
    assert [made.bandwidth(2, 1), made.bandwidth(0, 1)] == [8.0, float("inf")]


def test_rates_come_from_devices_unless_given():
    own = links(n=3)
    assert own.uplink.tolist() == [2.5e6] * 3
    assert own.downlink.tolist() == [12.5e6] * 3
    given = links(n=3, uplink="8 kbit/s")
    assert given.uplink.tolist() == [1000.0] * 3
    assert given.downlink.tolist() == [12.5e6] * 3


def test_a_uniform_range_is_in_order():
    with pytest.raises(ValueError, match="low must not be more than high"):
        specs.UniformLatency(low="2 s", high="1 s")


def test_scale_multiplies_every_delay_and_rate():
    edges = Topology.from_edges(
        4, [0, 1], [1, 2], latency_s=np.array([0.2, np.nan]), bandwidth=np.array([1e6, np.nan])
    )
    as_said, scaled = (
        links(topology=edges, scale=scale) for scale in ({}, {"latency": 1.5, "rate": 0.5})
    )
    for a, b in [(0, 1), (1, 2), (0, 3)]:
        assert scaled.latency(a, b) == pytest.approx(1.5 * as_said.latency(a, b))
    assert scaled.bandwidth(0, 1) == 0.5e6
    assert scaled.uplink.tolist() == (0.5 * as_said.uplink).tolist()
    assert scaled.downlink.tolist() == (0.5 * as_said.downlink).tolist()
