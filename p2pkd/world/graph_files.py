"""Graph files: which reader an ending means."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from p2pkd.core.errors import TraceError, suggestion
from p2pkd.scenario.graph_options import GraphOptions
from p2pkd.world.formats.document import Document
from p2pkd.world.formats.edge_list import read_edge_list
from p2pkd.world.formats.gml import read_gml
from p2pkd.world.formats.graph import to_topology
from p2pkd.world.formats.graph_json import read_graph_json
from p2pkd.world.formats.graph_xml import read_gexf, read_graphml
from p2pkd.world.formats.text import Faults, read_text
from p2pkd.world.paths import locate
from p2pkd.world.topology import Topology

READERS: dict[str, Callable[[str, Faults], Document]] = {
    ".graphml": read_graphml,
    ".gexf": read_gexf,
    ".gml": read_gml,
    ".json": read_graph_json,
    ".edgelist": read_edge_list,
    ".txt": read_edge_list,
    ".csv": partial(read_edge_list, table=True),
}


def read_graph(path: str, base: Path, options: GraphOptions | None = None) -> Topology:
    """Read the graph file *path*, looked for from *base*, as *options* say.

    Raise TraceError, with the file and the places of all mistakes, if it cannot be read or says
    what nobody can be sure of (`p2pkd.world.formats.graph`).
    """
    file = locate(path, base, TraceError, "topology.file.path")
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        known = suggestion(file.suffix, READERS)
        raise TraceError(f"{file}: the ending {file.suffix!r} names no graph format{known}")
    faults = Faults(file)
    return to_topology(reader(read_text(file), faults), options or GraphOptions(), faults)
