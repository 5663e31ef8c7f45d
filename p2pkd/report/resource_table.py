"""What devices and links were busy with, as a table of a run's report."""

from __future__ import annotations

from p2pkd.analysis.io.readable import count, percent, seconds
from p2pkd.analysis.measures.resources import resources_by_agent
from p2pkd.analysis.result import Result
from p2pkd.report.tables import Table

HEAD = ["device", "agents", "online", "idle", "waiting", "uplink", "downlink", "staleness: 5 %",
        "median", "95 %"]  # fmt: skip
SHARES = ("online", "idle", "waiting", "uplink", "downlink")
AGES = ("stale_5", "stale_50", "stale_95")
CAPTION = (
    "Time and links, means over the agents of a device. Online is a share of the run, the others "
    "are shares of the time online; waiting is the part of idle time in synchronous rounds until "
    "slower agents had come as far; staleness is the age of what was learned from."
)


def resource_table(result: Result) -> Table:
    """Return a row per device group."""
    groups = resources_by_agent(result).groupby("device", sort=False)
    means = groups[[*SHARES, *AGES]].mean()
    means.insert(0, "agents", groups.size())
    rows = [
        [
            str(device),
            count(row["agents"]),
            *(percent(row[name]) for name in SHARES),
            *(seconds(row[name]) for name in AGES),
        ]
        for device, row in means.iterrows()
    ]
    return Table(CAPTION, HEAD, rows)
