"""What devices and links were busy with, how old knowledge was, and who paid in joules."""

from __future__ import annotations

import numpy as np
import pandas as pd

from p2pkd.analysis.io.run_data import RunData
from p2pkd.analysis.measures.stragglers import straggler_wait

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def utilisation(result: RunData) -> pd.DataFrame:
    """Return a row per agent: shares of its time online, indexed by agent.

    Columns: ``device``; ``computing`` and ``idle`` (processor); ``uplink`` and ``downlink`` (bytes
    over what the link could have carried); ``waiting`` (in rounds, for slower agents: part of
    ``idle``); ``online`` (share of the run); ``energy_j``; ``idle_energy`` and ``radio_energy``
    (shares of that).
    """
    agents = result.agents
    online = agents["online_s"].where(agents["online_s"] > 0)
    computing = agents["computing_s"] / online
    energy = agents["energy_j"].where(agents["energy_j"] > 0)
    up, down = agents["uplink_bytes_per_s"], agents["downlink_bytes_per_s"]
    duration = float(result.summary.get("simulated_s") or 0) or float("nan")
    table = pd.DataFrame(
        {
            "device": agents["device"].astype(str),
            "computing": computing,
            "idle": 1 - computing,
            "waiting": straggler_wait(result).to_numpy() / online,
            "uplink": agents["wire_bytes"] / (up.where(up > 0) * online),
            "downlink": agents["received_bytes"] / (down.where(down > 0) * online),
            "online": agents["online_s"] / duration,
            "energy_j": agents["energy_j"],
            "idle_energy": agents["idle_energy_j"] / energy,
            "radio_energy": agents["radio_energy_j"] / energy,
        }
    )
    return table.set_axis(pd.Index(agents["agent"], name="agent"))


def resources_by_device(result: RunData) -> pd.DataFrame:
    """Return the means of `utilisation` by device group, with ``agents``, ``energy_total_j``.

    Also ``staleness_s``, the median age of what the group learned from (nan if from nobody).
    """
    table = utilisation(result)
    groups = table.groupby("device", sort=False)
    means = groups.mean()
    means.insert(0, "agents", groups.size())
    means["energy_total_j"] = groups["energy_j"].sum()
    taught = staleness(result)
    ages = taught.groupby(taught["agent"].map(table["device"]))["staleness_s"].median()
    means["staleness_s"] = ages.reindex(means.index)
    return means


def staleness(result: RunData) -> pd.DataFrame:
    """Return a row per completed computation with teachers.

    Columns ``agent``, ``ended_s``, ``teachers`` and ``staleness_s``, the mean age of what it used.
    """
    rows = result.compute
    taught = rows[(rows["teachers"] > 0) & rows["completed"] & rows["staleness_s"].notna()]
    columns = ["agent", "ended_s", "teachers", "staleness_s"]
    return taught[columns].reset_index(drop=True)


def staleness_quantiles(result: RunData) -> dict[float, float]:
    """Return quantiles of the age, in seconds, of what computations used as teachers."""
    ages = staleness(result)["staleness_s"].to_numpy()
    if not len(ages):
        return dict.fromkeys(QUANTILES, float("nan"))
    return dict(zip(QUANTILES, np.quantile(ages, QUANTILES).tolist(), strict=True))


def resources_by_agent(result: RunData) -> pd.DataFrame:
    """Return `utilisation` with the distribution of staleness: columns ``stale_5`` to ``stale_95``.

    These are percentiles of the age, in seconds, of what the agent learned from; nan where it
    learned from nobody.
    """
    table = utilisation(result)
    ages = staleness(result).groupby("agent")["staleness_s"]
    for quantile in QUANTILES:
        table[f"stale_{100 * quantile:.0f}"] = ages.quantile(quantile).reindex(table.index)
    return table


def mean_idle(result: RunData) -> float:
    """Return the mean share of its time online in which an agent's processor had nothing to do."""
    return float(utilisation(result)["idle"].mean())


def mean_wait(result: RunData) -> float:
    """Return the mean share of its time online in which an agent waited for slower ones."""
    return float(utilisation(result)["waiting"].mean())


def busiest_link(result: RunData) -> float:
    """Return the largest utilisation of any agent's uplink or downlink."""
    return float(utilisation(result)[["uplink", "downlink"]].to_numpy().max())


def median_staleness(result: RunData) -> float:
    """Return the median age of what was learned from, in seconds."""
    return staleness_quantiles(result)[0.5]
