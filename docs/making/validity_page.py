"""Tables of docs/truth.md about what an imprecise world means for the order of methods."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from scipy.stats import kendalltau

from making.markdown_parts import replace_part, table
from p2pkd.analysis.measures.ranking import ranking
from p2pkd.analysis.results import Results

PAGE = "docs/truth.md"
ACCURACY = "final_accuracy_mean"
BUDGETS = ("5 min", "1 MB", "final")


def validity(place: Path, results: Results) -> None:
    """Write how ranks hold where rates, delays, loss and speeds are up to 30 % off."""
    rows, totals = [], []
    for network in dict.fromkeys(results.frame["links"]):
        found = ranking(results.where(links=network), BUDGETS)
        for budget in BUDGETS:
            own = found[found["budget"] == budget]
            first = own.iloc[0]
            totals.append(
                [network, budget, f"{first['tau']:.2f}", f"{first['tau_least']:.2f}",
                 f"{100 * first['pairs_kept']:.1f} %", _best(own)]
            )  # fmt: skip
        final = found[found["budget"] == "final"]
        rows += [_row(network, row) for _, row in final.iterrows()]
    head = ["network", "at", "tau, mean", "tau, least", "pairs kept", "first in all draws"]
    replace_part(place / PAGE, "validity", table(head, totals, texts=2))
    head = ["network", "method", "as said", "in the draws", "rank", "in the draws", "same rank"]
    replace_part(place / PAGE, "ranks", table(head, rows, texts=2))


def transports(place: Path, results: Results) -> None:
    """Write accuracies and ranks of methods under tcp and fair."""
    frame = results.frame
    keys = ["links", "links.transport", "variant"]
    means = 100 * frame.groupby(keys, sort=False)[ACCURACY].mean().unstack("links.transport")
    delays = results.measure(delay_s=_delay).frame
    delays = delays.groupby(keys, sort=False)["delay_s"].mean().unstack("links.transport")
    rows = []
    for network in dict.fromkeys(frame["links"]):
        own = means.loc[network].sort_values("tcp", ascending=False)
        ranks = own.rank(ascending=False).astype(int)
        for name, row in own.iterrows():
            late = delays.loc[network, name]
            rows.append(
                [network, f"`{name}`", f"{row['tcp']:.1f}", f"{row['fair']:.1f}",
                 str(ranks.loc[name, "tcp"]), str(ranks.loc[name, "fair"]),
                 _seconds(late["tcp"]), _seconds(late["fair"])]
            )  # fmt: skip
        tau = kendalltau(own["tcp"], own["fair"]).statistic
        rows.append([network, "Kendall's tau", "", "", f"{tau:.2f}", "", "", ""])
    head = ["network", "method", "tcp, %", "fair, %", "rank, tcp", "rank, fair",
            "delay, tcp", "delay, fair"]  # fmt: skip
    replace_part(place / PAGE, "transports", table(head, rows, texts=2))


def _best(own: pd.DataFrame) -> str:
    first = own.iloc[0]
    name = str(first["setting"]).split(",")[0]
    return f"`{name}`" if first["rank_most"] == 1 else f"no (`{name}` down to {first['rank_most']})"


def _row(network: str, row: pd.Series[float]) -> list[str]:
    name = str(row["setting"]).split(",")[0]
    return [network, f"`{name}`", f"{100 * row['mean']:.1f} %",
            f"{100 * row['least']:.1f} to {100 * row['most']:.1f}",
            str(row["rank"]), f"{row['rank_least']} to {row['rank_most']}",
            f"{100 * row['kept']:.0f} %"]  # fmt: skip


def _delay(run: object) -> float:
    messages = run.messages  # type: ignore[attr-defined]
    arrived = messages[messages["status"] == "delivered"]
    return float((arrived["ended_s"] - arrived["sent_s"]).mean())


def _seconds(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2f} s"
