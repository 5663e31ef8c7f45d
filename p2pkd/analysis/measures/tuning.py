"""What a study's tuning came to: the budget of each setting, what was chosen, and what to doubt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from p2pkd.analysis.io.tables import read_table

FOLDER, TUNED = "tuning", "tuned:"
SEED, TRIAL, RUN, DONE = "seed", "trial", "run", "done"
_NUMBER = re.compile(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(\D.*)?")


def tuning_notes(folder: str | Path) -> list[str]:
    """Return sentences about the tuning in a study's *folder*; none where nothing was tuned.

    They tell the budget, what each setting runs with, values chosen at the edge of what was tried,
    and trials that failed.
    """
    folder = Path(folder)
    if not (folder / FOLDER / "table.parquet").is_file():
        return []
    table = read_table(folder / "table.parquet")
    tried = read_table(folder / FOLDER / "table.parquet")
    labels = [key for key in table.columns[: table.columns.get_loc(SEED)] if TUNED not in key]
    chosen = [key for key in table.columns if key.startswith(TUNED)]
    return [_budget(tried, labels), *_settings(table, tried, labels, chosen)]


def _budget(tried: pd.DataFrame, labels: Sequence[str]) -> str:
    trials, seeds = tried[TRIAL].nunique(), sorted(tried[SEED].dropna().unique().tolist())
    many = f"{len(seeds)} seeds" if len(seeds) > 1 else "1 seed"
    named = ", ".join(f"{seed:g}" for seed in seeds)
    settings = len(tried[list(labels)].drop_duplicates()) if labels else 1
    whose = f"each of {settings} settings" if settings > 1 else "the setting"
    return f"Tuned: {whose} had {trials} trials on {many} ({named}), none of them reported."


def _settings(
    table: pd.DataFrame, tried: pd.DataFrame, labels: Sequence[str], chosen: Sequence[str]
) -> Iterator[str]:
    for name, own in _groups(tried, labels):
        final = _of(table, labels, own)
        values = {key: final[key].iloc[0] for key in chosen if len(final)}
        known = {key: value for key, value in values.items() if not pd.isna(value)}
        if known:
            text = ", ".join(f"{key.removeprefix(TUNED)} {v}" for key, v in known.items())
            yield f"Chosen for {name}: {text}."
        for key, value in known.items():
            yield from _edge(name, key.removeprefix(TUNED), value, own)
        failed = own[own["status"] != DONE]
        if len(failed) and "pending" not in set(own["status"]):
            errors = "; ".join(dict.fromkeys(failed["error"].astype(str)))
            yield f"In tuning {name} {failed[TRIAL].nunique()} trials failed: {errors}."


def _edge(name: str, key: str, value: Any, own: pd.DataFrame) -> Iterator[str]:
    """Yield a warning where *value* is the least or the most of the numbers that were tried."""
    tried = own[key].dropna().unique().tolist() if key in own else []
    numbers = [number for each in tried if (number := _number(each)) is not None]
    units = {unit for _, unit in numbers}
    here = _number(value)
    if here is None or len(numbers) < len(tried) or len(units) != 1 or len(tried) < 2:
        return
    least, most = min(numbers)[0], max(numbers)[0]
    if here[0] in (least, most):
        end = "least" if here[0] == least else "most"
        yield (
            f"WARNING: {name}: {key} {value} is the {end} that was tried; the best may lie beyond."
        )


def _number(value: Any) -> tuple[float, str] | None:
    match = _NUMBER.fullmatch(str(value).strip())
    return (float(match[1]), match[2] or "") if match else None


def _groups(tried: pd.DataFrame, labels: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    if not labels:
        yield "the base", tried
        return
    for _, own in tried.groupby(list(labels), sort=False, dropna=False):
        yield ", ".join(f"{key}={own[key].iloc[0]}" for key in labels), own


def _of(table: pd.DataFrame, labels: Sequence[str], own: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of *table* that have the labels of *own*."""
    kept = pd.Series(True, index=table.index)
    for key in labels:
        kept &= table[key].astype(str) == str(own.iloc[0][key])
    return table[kept]
