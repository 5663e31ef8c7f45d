"""A new graph every so often."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.scenario import topology as specs
from p2pkd.scenario.dynamics import Resample
from p2pkd.world.dynamics.base import Change, History, Setting, register
from p2pkd.world.graphs import RANDOM, build_topology
from p2pkd.world.topology import Topology


@register(Resample)
def _resample(spec: Resample, setting: Setting) -> History:
    drawn = isinstance(setting.spec, (*RANDOM, specs.BarabasiAlbert))
    if not (drawn or spec.shuffle):
        kind = getattr(setting.spec, "kind", type(setting.spec).__name__)
        raise InputError(
            f"dynamics.resample: a {kind} is the same each time it is drawn; set shuffle: true to "
            f"deal out its places anew, or take a random topology"
        )

    def history() -> Iterator[Change]:
        for turn in count(1):
            yield Change(turn * spec.every, _draw(spec, setting, turn))

    return history


def _draw(spec: Resample, setting: Setting, turn: int) -> Topology:
    rng = setting.streams.generator("resample", turn)
    streams = Streams(int(rng.integers(1 << 63)))
    if isinstance(setting.spec, specs.GraphFile | specs.Topohub):
        topology = setting.topology
    else:
        topology = build_topology(setting.spec, setting.topology.n, streams, setting.base)
    return _shuffled(topology, rng) if spec.shuffle else topology


def _shuffled(topology: Topology, rng: np.random.Generator) -> Topology:
    place = rng.permutation(topology.n)[topology.edges()]
    return Topology.from_edges(topology.n, place[:, 0], place[:, 1])
