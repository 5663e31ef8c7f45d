"""The whole world of a scenario."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import DataError
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import DataSpec, Dirichlet, Synthetic
from p2pkd.scenario.devices import DeviceSpec
from p2pkd.scenario.links import LinksSpec, LognormalLatency
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.scenario.models import LinearSpec, MlpSpec
from p2pkd.scenario.scenario import Scenario
from p2pkd.scenario.topology import RandomRegular, Ring, WattsStrogatz
from p2pkd.world.world import build_world

DEVICES = (
    DeviceSpec(profile="raspberry-pi-4", share="50 %", model=MlpSpec(hidden=(32,))),
    DeviceSpec(profile="jetson-nano", share="30 %", model=LinearSpec()),
    DeviceSpec(profile="laptop", share="20 %", model=MlpSpec(hidden=(32,))),
)


def build(n=24, seed=7, *, with_data=True, **parts):
    # The method is no part of the world, so a scenario without one will do.
    fields = {
        "agents": n,
        "topology": WattsStrogatz(),
        "links": LinksSpec(latency=LognormalLatency(median="60 ms")),
        "devices": DEVICES,
        "data": DataSpec(partition=Dirichlet(alpha=0.3)),
    }
    scenario = Scenario.model_construct(**{**fields, **parts})
    return build_world(scenario, Streams(seed), Path(), with_data=with_data)


def digest(world):
    arrays = [world.topology.indices, world.devices.group, world.model_of, world.data.private_x]
    arrays += [world.data.partition.rows, world.data.reference_x, world.data.test_x]
    delays = [world.links.latency(0, i) for i in range(world.n_agents)]
    return [array.tobytes() for array in arrays], delays


def test_every_part_has_all_agents():
    world = build()
    assert world.n_agents == world.topology.n == len(world.devices.group) == 24
    assert len(world.links.uplink) == len(world.data.partition.sizes) == 24


def test_too_many_agents_are_refused_before_anything_is_built_for_them():
    with pytest.raises(DataError, match="100000000 agents with min_rows: 2 need 200000000"):
        build(100_000_000)


def test_groups_of_one_architecture_share_it():
    world = build()
    assert world.model_specs == (MlpSpec(hidden=(32,)), LinearSpec())
    assert np.bincount(world.model_of).tolist() == [17, 7]
    assert [world.devices.name(i) for i in np.flatnonzero(world.model_of)] == ["jetson-nano"] * 7


def test_the_seed_makes_the_world():
    assert digest(build()) == digest(build()) != digest(build(seed=8))


def test_what_does_not_depend_on_a_key_stays_when_it_changes():
    first = build()
    other = build(topology=RandomRegular(), data=DataSpec())
    assert first.devices.group.tolist() == other.devices.group.tolist()
    assert first.links.latency(3, 9) == other.links.latency(3, 9)
    np.testing.assert_array_equal(first.data.test_x, other.data.test_x)
    np.testing.assert_array_equal(first.data.reference_x, other.data.reference_x)


def test_without_data():
    world = build(with_data=False)
    assert world.data is None
    assert "data" not in world.describe()


def test_summary():
    world = build()
    assert world.describe()["devices"] == "12 x raspberry-pi-4, 7 x jetson-nano, 5 x laptop"
    assert world.describe()["graph"].startswith("48 edges, degree ")
    assert "1182 private, 256 reference, 359 test" in world.describe()["data"]
    assert world._repr_html_().count("<tr>") == len(world.describe())


def test_one_agent():
    world = build(n=1, topology=Ring())
    assert world.topology.degree.tolist() == [0]
    assert world.data.partition.sizes.tolist() == [1182]


@pytest.mark.slow
def test_a_hundred_thousand_agents():
    world = build(
        n=100_000,
        topology=RandomRegular(k=6),
        data=DataSpec(dataset=Synthetic(rows=400_000, features=4)),
    )
    assert world.data.partition.sizes.min() >= 3


def test_the_catalogue_does_without_heavy_packages():
    code = (
        "import sys, p2pkd.world.catalogue as c, p2pkd.world.devices; c.profiles();"
        "heavy = {'torch', 'pandas', 'matplotlib', 'sklearn', 'networkx'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_views_and_tasks_are_described():
    tasks = [{"name": name, "classes": [[0, 1], [2]]} for name in ("one", "two")]
    spec = {"duration": "1 min", "agents": 5, "method": {"preset": "isolated"}}
    spec["data"] = {"views": "parts", "tasks": tasks}
    scenario = scenario_from_dict(spec)
    summary = build_world(scenario, Streams(0), Path()).describe()
    assert summary["views"] == "3 x left, 2 x right"
    assert summary["tasks"] == "3 x one, 2 x two"
