"""The tables of a study's page, as text that is ready to print."""

from __future__ import annotations

from typing import Any

import pandas as pd

from p2pkd.analysis.io.readable import count, joules, percent, seconds, size
from p2pkd.analysis.measures.communication import by_device
from p2pkd.analysis.measures.influence import NOBODY, REMOVED, influence
from p2pkd.analysis.measures.resources import resources_by_device
from p2pkd.analysis.measures.settings import SETTING, settings_table
from p2pkd.analysis.measures.trials import finished
from p2pkd.analysis.results import Results
from p2pkd.report.tables import Table

ROWS = 200
PAYING_ROWS = 60


def settings(results: Results) -> Table:
    """Return a row per setting: accuracy with its interval over seeds, and what it cost."""
    table = settings_table(results)
    head = ["setting", "runs", "score", "accuracy", "95 % over seeds", "on the wire", "energy",
            "simulated", "gradient steps", "distilling", "merges", "disagreement",
            "Gini of sent bytes"]  # fmt: skip
    rows = [
        [
            f"{name}{' ★' if row['pareto'] else ''}",
            count(row["n"]),
            str(row["score"]),
            _accuracy(row),
            _interval(row["low"], row["high"]),
            size(row["wire_bytes"]),
            joules(row["energy_j"]),
            seconds(row["simulated_s"]),
            count(row["gradient_steps"]),
            count(row["distill_steps"]),
            count(row["merges"]),
            percent(row["final_disagreement"]),
            "–" if row["gini_bytes"] != row["gini_bytes"] else f"{row['gini_bytes']:.2f}",
        ]
        for name, row in table.head(ROWS).iterrows()
    ]
    caption = (
        "Settings, means over seeds; accuracy is of what the method delivers, its score. The "
        "interval is Student's t, 95 %; with two seeds it is wider than anything it could tell. "
        "A star: no other setting has as much accuracy for fewer "
        f"bytes. {_varied(results)}"
    )
    return Table(caption + _more(len(table), ROWS), head, rows)


def _accuracy(row: pd.Series[Any]) -> str:
    runs = int(row["diverged"])
    return f"{runs} diverged" if runs else percent(row["accuracy"])


def who_pays(results: Results) -> Table:
    """Return a row per setting and device group; means per agent, over seeds.

    Of a study that takes agents away only the whole populations.
    """
    if REMOVED in results.varied:
        results = results.where(**{REMOVED: NOBODY})
    parts = []
    for run, setting in zip(results, results.frame[SETTING], strict=True):
        paid, used = by_device(run), resources_by_device(run)
        used = used[["idle", "waiting", "online", "staleness_s"]]
        parts.append(paid.join(used).rename_axis("device").reset_index().assign(setting=setting))
    table = pd.concat(parts).groupby(["setting", "device"], sort=False).mean()
    head = ["setting", "device", "agents", "accuracy", "sent", "received", "energy", "computing",
            "waiting", "online", "staleness"]  # fmt: skip
    rows = [
        [
            str(name[0]),
            str(name[1]),
            count(row["agents"]),
            percent(row["accuracy"]),
            size(row["wire_bytes"]),
            size(row["received_bytes"]),
            joules(row["energy_j"]),
            percent(row["computing"]),
            percent(row["waiting"]),
            percent(row["online"]),
            seconds(row["staleness_s"]),
        ]
        for name, row in _tuples(table.head(PAYING_ROWS))
    ]
    caption = (
        "Who pays, by device; means per agent, accuracy of own models. Computing and waiting "
        "(in rounds, for slower agents) are shares of the time online; staleness is the "
        "median age of what was learned "
        "from."
    )
    return Table(caption + _more(len(table), PAYING_ROWS), head, rows)


def unfinished(table: pd.DataFrame, labels: list[str]) -> Table:
    """Return the runs of a sweep's *table* that failed, were given up, or are still to come."""
    others = table[table["status"] != "done"].drop_duplicates("run")
    rows = [
        [", ".join(f"{key}={row[key]}" for key in labels), str(row["status"]), str(row["error"])]
        for row in others.head(ROWS).to_dict("records")
    ]
    caption = "Runs without a result, and why." + _more(len(others), ROWS)
    return Table(caption, ["run", "status", "why"], rows)


def trials(table: pd.DataFrame, *, maximise: bool, best: int = 15) -> Table:
    """Return the best trials of a search, the best first; *table* has a row a trial."""
    chosen = (
        finished(table).sort_values("objective", ascending=not maximise, kind="stable").head(best)
    )
    keys = [key for key in table.columns if key not in ("status", "runs", "objective")]
    rows = [
        [*(str(row[key]) for key in keys), count(row["runs"]), f"{row['objective']:.5g}"]
        for row in chosen.to_dict("records")
    ]
    given_up = int((table["status"] == "pruned").sum())
    caption = (
        f"The best of {len(table)} trials, {given_up} of which were given up early; the objective "
        f"is the mean over seeds, and {'more' if maximise else 'less'} of it is better."
    )
    return Table(caption, [*keys, "runs", "objective"], rows)


def influences(results: Results) -> Table:
    """Return what the others lose without each agent that was taken away."""
    table = influence(results).sort_values("influence", ascending=False)
    rest = [key for key in results.varied if key != "removed"]
    head = [*rest, "agent", "device", "private rows", "degree", "betweenness", "own accuracy",
            "others lose", "95 % over seeds", "bytes saved"]  # fmt: skip
    rows = [
        [
            *(str(row[key]) for key in rest),
            str(row["node"]),
            str(row["device"]),
            count(row["private_rows"]),
            f"{row['degree']:.3g}",
            f"{row['betweenness']:.2f}",
            percent(row["accuracy_alone"]),
            f"{100 * row['influence']:+.1f}",
            _points(row["low"], row["high"]),
            size(row["bytes_saved"]),
        ]
        for row in table.head(ROWS).to_dict("records")
    ]
    caption = (
        "Influence: points of accuracy that the other agents' own models lose on average without "
        "an agent, all other randomness shared; betweenness is the share of shortest paths that "
        "lead over it."
    )
    return Table(caption + _more(len(table), ROWS), head, rows)


def programs(results: Results) -> Table:
    """Return which versions and commits of the program made the runs."""
    frame = results.frame[["version", "git_commit"]].fillna("unknown").astype(str)
    counts = frame.value_counts(sort=False)
    rows = [[*map(str, names), count(number)] for names, number in _tuples(counts)]
    return Table("Made by.", ["p2pkd", "git commit", "runs"], rows)


def _tuples(table: Any) -> Any:
    """Return the items of what has several index levels, whose names are tuples."""
    return table.items() if isinstance(table, pd.Series) else table.iterrows()


def _varied(results: Results) -> str:
    keys = ["trial"] if "trial" in results.varied else results.varied
    return f"Varied: {', '.join(keys)}." if keys else ""


def _interval(low: float, high: float) -> str:
    return "–" if low != low else f"{100 * low:.1f} to {100 * high:.1f}"


def _points(low: float, high: float) -> str:
    return "–" if low != low else f"{100 * low:+.1f} to {100 * high:+.1f}"


def _more(rows: int, shown: int) -> str:
    return f" The first {shown} of {rows}." if rows > shown else ""
