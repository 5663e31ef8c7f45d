"""What devices and links were busy with, as a table of a run's report."""

from __future__ import annotations

from p2pkd.analysis.io.readable import count, percent, seconds
from p2pkd.analysis.measures.resources import resources_by_agent
from p2pkd.analysis.result import Result
from p2pkd.report.tables import Column, Table, table_of

COLUMNS: dict[str, Column] = {
    "agents": ("agents", count),
    **{name: (name, percent) for name in ("online", "idle", "waiting", "uplink", "downlink")},
    "staleness: 5 %": ("stale_5", seconds),
    "median": ("stale_50", seconds),
    "95 %": ("stale_95", seconds),
}
CAPTION = (
    "Time and links, means over the agents of a device. Online is a share of the run, the others "
    "are shares of the time online; waiting is the part of idle time in synchronous rounds until "
    "slower agents had come as far; staleness is the age of what was learned from."
)


def resource_table(result: Result) -> Table:
    """Return a row per device group."""
    groups = resources_by_agent(result).groupby("device", sort=False)
    means = groups[[key for key, _ in COLUMNS.values() if key != "agents"]].mean()
    means.insert(0, "agents", groups.size())
    return table_of(CAPTION, "device", means.iterrows(), COLUMNS)
