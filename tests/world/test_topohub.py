"""Networks from topohub: the real package where installed, a stand-in everywhere."""

import sys
import types
from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.scenario.topology import Topohub
from p2pkd.world.graphs import build_topology
from p2pkd.world.topohub import topohub_graph

NETWORK = {
    "nodes": [
        {"id": "0", "name": "West", "pos": [10.0, 60.0]},
        {"id": "1", "name": "East", "pos": [11.0, 60.0]},
        {"id": "2", "name": "North", "pos": [10.0, 60.0]},
    ],
    "edges": [
        {"source": "0", "target": "1", "dist": 100.0},
        {"source": "1", "target": "2", "dist": 40.0},
    ],
}


@pytest.fixture
def stand_in(monkeypatch):
    module = types.ModuleType("topohub")
    module.get = {"group/small": NETWORK}.__getitem__
    monkeypatch.setitem(sys.modules, "topohub", module)


@pytest.mark.usefixtures("stand_in")
def test_edges_take_the_delay_of_their_length():
    topology = topohub_graph(Topohub(name="group/small"))
    assert topology.names == ("West", "East", "North")
    assert topology.latency_s == pytest.approx([5e-4, 5e-4, 2e-4, 2e-4])
    assert topohub_graph(Topohub(name="group/small", per_km=None)).latency_s is None


@pytest.mark.usefixtures("stand_in")
def test_positions_are_kilometres():
    places = topohub_graph(Topohub(name="group/small")).positions
    # A degree of longitude at 60 degrees north: half of the 111.19 km at the equator.
    np.testing.assert_allclose(places[1] - places[0], [55.6, 0], atol=0.05)


@pytest.mark.usefixtures("stand_in")
def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="no network 'group/smal'; names are like 'topozoo/Abil"):
        topohub_graph(Topohub(name="group/smal"))


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "topohub", None)
    with pytest.raises(InputError, match=r"pip install 'p2pkd\[topohub\]'"):
        topohub_graph(Topohub(name="topozoo/Abilene"))


def test_abilene():
    pytest.importorskip("topohub", reason="the package topohub is not installed")
    topology = build_topology(Topohub(name="topozoo/Abilene"), 11, Streams(0), Path())
    assert (topology.n_edges, topology.names[0]) == (14, "New York")
    assert 1e-3 < np.nanmin(topology.latency_s) < np.nanmax(topology.latency_s) < 20e-3
