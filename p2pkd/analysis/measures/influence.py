"""What the others lose when one agent is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from p2pkd.analysis.measures.statistics import interval
from p2pkd.core.errors import ResultError

if TYPE_CHECKING:
    from p2pkd.analysis.io.run_data import RunData
    from p2pkd.analysis.io.run_set import RunSet

REMOVED = "removed"
NOBODY = "nobody"
FACTS = ("node", "device", "private_rows", "degree", "betweenness", "accuracy_alone")


def influence(results: RunSet) -> pd.DataFrame:
    """Return a row per agent that a study's ``remove`` took away, in each of its other settings.

    ``influence`` is the mean final accuracy of the *other* agents' own models with it, less that
    without it, positive where they lose; ``low`` and ``high`` are the limits of its 95 % interval
    over ``n`` seeds, each pair of runs sharing all other randomness; ``bytes_saved`` what is not on
    the wire without it.  Beside it stand ``node``, ``device``, ``private_rows``, ``degree``,
    ``betweenness`` (share of shortest paths) and ``accuracy_alone``, the agent's own accuracy in
    the whole population; means over seeds where a graph is drawn anew for each.

    Raise ResultError unless the study has the axis ``remove``.
    """
    if REMOVED not in results.varied:
        raise ResultError("no agents were taken away; give the study 'remove: 0..7' or the like")
    pairs = pd.DataFrame(list(_pairs(results)))
    if pairs.empty:
        raise ResultError(f"no pairs of runs with {REMOVED} {NOBODY} and without an agent")
    rest = [key for key in results.varied if key != REMOVED]
    groups = pairs.groupby([*rest, "agent"], sort=False)
    rows = [_row(dict(zip([*rest, "agent"], key, strict=True)), own) for key, own in groups]
    return pd.DataFrame(rows)


def centrality(result: RunData) -> pd.DataFrame:
    """Return ``degree`` and ``betweenness`` (share of shortest paths over it) of each agent.

    nan where the run did not keep its graph.
    """
    import networkx as nx

    index = pd.Index(result.agents["agent"], name="agent")
    if result.topology is None:
        return pd.DataFrame({"degree": float("nan"), "betweenness": float("nan")}, index=index)
    graph: nx.Graph[int] = nx.Graph(result.topology["edges"])
    graph.add_nodes_from(index.tolist())
    between = nx.betweenness_centrality(graph)
    return pd.DataFrame(
        {
            "degree": [graph.degree(agent) for agent in index],
            "betweenness": [between[agent] for agent in index],
        },
        index=index,
    )


def _pairs(results: RunSet) -> Iterator[dict[str, Any]]:
    """Yield a row per run without an agent that has its counterpart with everybody."""
    keys = [key for key in [*results.varied, "seed"] if key != REMOVED]
    labels = [
        {**label, "seed": run.seed} for run, label in zip(results, results.labels, strict=True)
    ]
    whole = {
        tuple(label[key] for key in keys): run
        for run, label in zip(results, labels, strict=True)
        if str(label[REMOVED]) == NOBODY
    }
    measured = {setting: centrality(run) for setting, run in whole.items()}
    for run, label in zip(results, labels, strict=True):
        setting = tuple(label[key] for key in keys)
        if str(label[REMOVED]) == NOBODY or setting not in whole:
            continue
        agent = _agent(whole[setting], label[REMOVED])
        rest = {key: label[key] for key in keys if key != "seed"}
        yield {**rest, **_pair(whole[setting], run, agent, measured[setting])}


def _agent(run: RunData, name: object) -> int:
    """Return the agent called *name*, which is what `remove` takes away."""
    named = run.agents.loc[run.agents["node"].astype(str) == str(name), "agent"]
    if named.empty:
        raise ResultError(f"{run.path}: no agent is called {str(name)!r}, which was taken away")
    return int(named.iloc[0])


def _pair(whole: RunData, without: RunData, agent: int, measured: pd.DataFrame) -> dict[str, Any]:
    agents = whole.agents.set_index("agent")
    own = agents.loc[agent]
    return {
        "agent": agent,
        "node": str(own["node"]),
        "device": str(own["device"]),
        "private_rows": own["private_rows"],
        "degree": measured["degree"][agent],
        "betweenness": measured["betweenness"][agent],
        "accuracy_alone": own["accuracy"],
        "influence": _of_others(whole, agent) - _of_others(without, agent),
        "bytes_saved": whole.summary["wire_bytes"] - without.summary["wire_bytes"],
    }


def _of_others(result: RunData, agent: int) -> float:
    agents = result.agents
    others = (agents["agent"] != agent) & (agents["private_rows"] > 0)
    return float(agents.loc[others, "accuracy"].mean())


def _row(key: dict[str, Any], own: pd.DataFrame) -> dict[str, Any]:
    found = interval(own["influence"])
    first = own.iloc[0]
    means = own[[*FACTS[2:], "bytes_saved"]].mean().to_dict()
    return {
        **key,
        "node": first["node"],
        "device": first["device"],
        **{name: means[name] for name in FACTS[2:]},
        "influence": found.mean,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "bytes_saved": means["bytes_saved"],
    }
