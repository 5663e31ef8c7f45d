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
from p2pkd.report.tables import Column, Table, table_of

ROWS = 200
PAYING_ROWS = 60


SETTINGS: dict[str, Column] = {
    "runs": ("n", count), "score": ("score", str), "accuracy": ("accuracy", str),
    "95 % over seeds": ("interval", str), "on the wire": ("wire_bytes", size),
    "energy": ("energy_j", joules), "simulated": ("simulated_s", seconds),
    "gradient steps": ("gradient_steps", count), "distilling": ("distill_steps", count),
    "merges": ("merges", count), "disagreement": ("final_disagreement", percent),
    "Gini of sent bytes": ("gini_bytes", lambda x: "–" if x != x else f"{x:.2f}"),
}  # fmt: skip


def settings(results: Results) -> Table:
    """Return a row per setting: accuracy with its interval over seeds, and what it cost."""
    table = settings_table(results)
    rows = [
        (
            f"{name}{' ★' if row['pareto'] else ''}",
            {**row, "accuracy": _accuracy(row), "interval": _interval(row["low"], row["high"])},
        )
        for name, row in table.head(ROWS).iterrows()
    ]
    caption = (
        "Settings, means over seeds; accuracy is of what the method delivers, its score. The "
        "interval is Student's t, 95 %; with two seeds it is wider than anything it could tell. "
        "A star: no other setting has as much accuracy for fewer "
        f"bytes. {_varied(results)}"
    )
    return table_of(caption + _more(len(table), ROWS), "setting", rows, SETTINGS)


def _accuracy(row: pd.Series[Any]) -> str:
    runs = int(row["diverged"])
    return f"{runs} diverged" if runs else percent(row["accuracy"])


PAYING: dict[str, Column] = {
    "agents": ("agents", count), "accuracy": ("accuracy", percent), "sent": ("wire_bytes", size),
    "received": ("received_bytes", size), "energy": ("energy_j", joules),
    "computing": ("computing", percent), "waiting": ("waiting", percent),
    "online": ("online", percent), "staleness": ("staleness_s", seconds),
}  # fmt: skip


def who_pays(results: Results) -> Table:
    """Return a row per setting and device group; means per agent, over seeds.

    Of a study that takes agents away only the whole populations.
    """
    if REMOVED in results.varied:
        results = results.where(**{REMOVED: NOBODY})
    parts = []
    for run, setting in zip(results, results.frame[SETTING], strict=True):
        paid, used = by_device(run), resources_by_device(run)
        used = used[["waiting", "online", "staleness_s"]]
        parts.append(paid.join(used).rename_axis("device").reset_index().assign(setting=setting))
    table = pd.concat(parts).groupby(["setting", "device"], sort=False).mean()
    caption = (
        "Who pays, by device; means per agent, accuracy of own models. Computing and waiting "
        "(in rounds, for slower agents) are shares of the time online; staleness is the "
        "median age of what was learned "
        "from."
    )
    caption += _more(len(table), PAYING_ROWS)
    rows: Any = table.head(PAYING_ROWS).iterrows()  # the names of two index levels are pairs
    return table_of(caption, ("setting", "device"), rows, PAYING)


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


INFLUENCES: dict[str, Column] = {
    "agent": ("node", str), "device": ("device", str), "private rows": ("private_rows", count),
    "degree": ("degree", "{:.3g}".format), "betweenness": ("betweenness", "{:.2f}".format),
    "own accuracy": ("accuracy_alone", percent),
    "others lose": ("influence", lambda x: f"{100 * x:+.1f}"),
    "95 % over seeds": ("interval", str), "bytes saved": ("bytes_saved", size),
}  # fmt: skip


def influences(results: Results) -> Table:
    """Return what the others lose without each agent that was taken away."""
    table = influence(results).sort_values("influence", ascending=False)
    rest = [key for key in results.varied if key != "removed"]
    rows = [
        ([row[key] for key in rest], {**row, "interval": _points(row["low"], row["high"])})
        for row in table.head(ROWS).to_dict("records")
    ]
    caption = (
        "Influence: points of accuracy that the other agents' own models lose on average without "
        "an agent, all other randomness shared; betweenness is the share of shortest paths that "
        "lead over it."
    )
    return table_of(caption + _more(len(table), ROWS), rest, rows, INFLUENCES)


def programs(results: Results) -> Table:
    """Return which versions and commits of the program made the runs."""
    frame = results.frame[["version", "git_commit"]].fillna("unknown").astype(str)
    counts = frame.value_counts(sort=False)
    rows: Any = [(names, {"runs": number}) for names, number in counts.items()]
    return table_of("Made by.", ("p2pkd", "git commit"), rows, {"runs": ("runs", count)})


def _varied(results: Results) -> str:
    keys = ["trial"] if "trial" in results.varied else results.varied
    return f"Varied: {', '.join(keys)}." if keys else ""


def _interval(low: float, high: float) -> str:
    return "–" if low != low else f"{100 * low:.1f} to {100 * high:.1f}"


def _points(low: float, high: float) -> str:
    return "–" if low != low else f"{100 * low:+.1f} to {100 * high:+.1f}"


def _more(rows: int, shown: int) -> str:
    return f" The first {shown} of {rows}." if rows > shown else ""
