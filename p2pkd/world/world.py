"""Everything about an experiment that does not change while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.errors import InputError, about
from p2pkd.core.rng import Streams
from p2pkd.scenario.models import ModelSpec
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.data import Data, build_data, read_rows
from p2pkd.world.devices import DeviceTable, build_devices, device_groups
from p2pkd.world.dynamics import History, Setting, build_history
from p2pkd.world.graphs import build_topology
from p2pkd.world.hierarchy import Hierarchy, build_hierarchy
from p2pkd.world.links import Links, build_links
from p2pkd.world.rate_trace import Variation
from p2pkd.world.topology import Topology
from p2pkd.world.variation import build_variation


@dataclass(frozen=True, eq=False)
class World:
    """Graph, network, devices, data and architectures of *n_agents* agents.

    Attributes
    ----------
    data : None where it was not asked for.
    model_specs : the different architectures.
    model_of : ``(n_agents,)``, index into `model_specs`.
    history : how the graph changes; None where it does not.
    variation : how access rates change; None where they do not.
    hierarchy : who aggregates, and whom each asks; None where nobody does.
    """

    n_agents: int
    topology: Topology
    links: Links
    devices: DeviceTable
    data: Data | None
    model_specs: tuple[ModelSpec, ...]
    model_of: NDArray[np.int64]
    history: History | None = None
    variation: Variation | None = None
    hierarchy: Hierarchy | None = None

    def describe(self) -> dict[str, str]:
        """Return a summary, one line a subject."""
        return _describe(self)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(key)}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for key, value in self.describe().items()
        )
        return f"<table>{rows}</table>"


def build_world(
    scenario: Scenario, streams: Streams, base: Path, *, with_data: bool = True
) -> World:
    """Build the world of *scenario* from its random *streams*.

    Relative paths are looked for from *base*, the scenario file's folder, then from the working
    directory.  Raise InputError (TraceError, DataError) if something cannot be built as asked.
    """
    n, chosen = scenario.agents, scenario.aggregators
    raw = None
    if with_data:
        # Who aggregates is known from the graph; at least one agent has data.
        with_rows = n if chosen is None else 1
        raw = read_rows(scenario.data, with_rows, streams, base)
    with about("topology"):
        topology = build_topology(scenario.topology, n, streams, base)
    hierarchy = None if chosen is None else build_hierarchy(chosen, topology)
    idle = () if hierarchy is None else hierarchy.aggregators
    groups = device_groups(scenario)
    devices = build_devices(groups, n, streams, base, servers=idle)
    models = tuple(dict.fromkeys(group.model for group in groups))
    of_group = np.array([models.index(group.model) for group in groups])
    links = build_links(scenario.links, topology, devices, streams, base)
    varies = scenario.links.variation
    with about("links.variation"):
        variation = None if varies is None else build_variation(varies, links, base)
    if getattr(variation, "outages", False) and scenario.links.transport == "fifo":
        raise InputError(
            "links.variation: rates of 0 are outages, during which transfers wait; only with "
            "transport: fair"
        )
    with about("dynamics"):
        setting = Setting(topology, scenario.topology, streams, base)
        history = build_history(scenario.dynamics, setting)
    return World(
        n_agents=n,
        topology=topology,
        links=links,
        variation=variation,
        devices=devices,
        data=build_data(scenario.data, n, streams, base, idle, raw) if raw else None,
        model_specs=models,
        model_of=of_group[devices.group],
        hierarchy=hierarchy,
        history=history,
    )


def _describe(world: World) -> dict[str, str]:
    degree, groups = world.topology.degree, world.devices
    summary = {
        "agents": f"{world.n_agents}",
        "graph": f"{world.topology.n_edges} edges, degree {degree.min()} to {degree.max()}, "
        f"mean {degree.mean():.3g}",
        "devices": ", ".join(
            f"{count} x {name}" for count, name in zip(groups.counts, groups.names, strict=True)
        ),
        "models": ", ".join(
            f"{count} x {_model_name(spec)}"
            for count, spec in zip(np.bincount(world.model_of), world.model_specs, strict=False)
        ),
    }
    if world.data is not None:
        data, sizes = world.data, world.data.partition.sizes
        summary["data"] = (
            f"{data.name}: {data.n_classes} classes, rows of {data.input_shape}; "
            f"{len(data.private_y)} private, {len(data.reference_y)} reference, "
            f"{len(data.test_y)} test"
        )
        for what, parts in (("views", data.views), ("tasks", data.tasks)):
            if parts is not None:
                counts = np.bincount(parts.of, minlength=len(parts.names))
                named = zip(counts, parts.names, strict=True)
                summary[what] = ", ".join(f"{count} x {name}" for count, name in named)
        summary["private rows an agent"] = f"{sizes.min()} to {sizes.max()}, median " + (
            f"{np.median(sizes):g}"
        )
    return summary


def _model_name(spec: ModelSpec) -> str:
    figures = spec.model_dump(exclude={"kind"}).items()
    return " ".join([getattr(spec, "kind", "?"), *(f"{key} {value}" for key, value in figures)])
