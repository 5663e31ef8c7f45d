"""A study on one page: settings with their bands over seeds, the front, who pays, what failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from p2pkd.analysis.figures.cost_axis import KINDS
from p2pkd.analysis.figures.resources import plot_staleness, plot_time_shares
from p2pkd.analysis.figures.search import plot_influence, plot_load, plot_trials
from p2pkd.analysis.figures.studies import plot_bands, plot_pareto, plot_relation, plot_settings
from p2pkd.analysis.io.tables import read_table
from p2pkd.analysis.measures.equal_cost import early_notes, parse_budgets
from p2pkd.analysis.measures.influence import REMOVED, influence
from p2pkd.analysis.measures.scores import common_words
from p2pkd.analysis.measures.settings import SETTING, TRIAL, load_over_mean, with_settings
from p2pkd.analysis.measures.topology import topology_measures
from p2pkd.analysis.measures.trials import trial_table
from p2pkd.analysis.measures.tuning import tuning_notes
from p2pkd.analysis.measures.work import unequal_work_of
from p2pkd.analysis.results import Results
from p2pkd.core.errors import Problem, ScenarioError
from p2pkd.core.files import write_text
from p2pkd.core.scores import capital
from p2pkd.report import study_tables as tables
from p2pkd.report.equal_cost_table import equal_cost
from p2pkd.report.figures import Picture
from p2pkd.report.page import _render
from p2pkd.report.svg import inline_svg
from p2pkd.report.tables import Table
from p2pkd.scenario.extends import read_text
from p2pkd.scenario.yaml import parse

CURVES = 10
ROWS = 20
MINIMISED = ("bytes_to", "seconds_to", "joules_to", "least")

BANDS = (
    "{words} over simulated time{of}; bands are 95 % intervals over {n} runs and more, "
    "none where there are fewer than three."
)
BYTES = "The same over the bytes on the wire, as far as all runs of a curve came."
OTHER = "The same over {cost}."
DOTS = (
    "{words}, at the end{of}: every run is a faint dot; means with 95 % intervals from three runs "
    "on."
)
FRONT = "Accuracy for bytes, means over seeds. The line joins settings that nobody beats in both."
GAP = "Final accuracy over the spectral gap of the graph's Metropolis matrix, means over seeds."
LOAD = "Who carries the load: a dot an agent of each run, its bytes over those of the mean agent."
TRIALS = "The objective, trial by trial; crosses were given up early and have none."
SHARES = (
    "What agents' time went into, means over agents and runs. Waiting is the part of idle time in "
    "synchronous rounds until slower agents had come as far."
)
STALE = (
    "How old knowledge was when it was learned from: median, middle half and middle 90 % of all "
    "uses."
)
LOST = "What the other agents lose without an agent, over its betweenness; bars are 95 % intervals."


def is_study(folder: str | Path) -> bool:
    """Tell whether *folder* is one that a sweep has written a table into."""
    return (Path(folder) / "table.parquet").is_file()


def write_study_report(
    folder: str | Path, at: Sequence[str] = (), against: str | None = None
) -> Path:
    """Write ``report.html`` into a sweep's *folder* and return its path.

    *at* and *against* are those of `Results.at`: the budgets at which settings are compared, which
    the curves have marked, and with what.  The page links to nothing.  Raise ResultError if the
    folder has no table, or no complete run, and for budgets or settings that are not there.
    """
    path = Path(folder) / "report.html"
    write_text(path, study_html(folder, at, against))
    return path


def study_html(folder: str | Path, at: Sequence[str] = (), against: str | None = None) -> str:
    """Return the page of the study in a sweep's *folder*; see `write_study_report`."""
    folder = Path(folder)
    parse_budgets(at)
    table = read_table(folder / "table.parquet")
    results = with_settings(Results.from_dir(folder))
    text, facts = _study(folder)
    at = tuple(at) or _budget_of(facts)
    tuned = tuning_notes(folder)
    return _render(
        "study.html.j2",
        title=facts.get("name", folder.name),
        description=facts.get("description", ""),
        subtitle=_subtitle(results, table),
        warnings=[
            *_warnings(table),
            *(f"{note[0].upper()}{note[1:]}." for note in early_notes(results.at(*at))),
            *(text for text in tuned if "WARNING" in text),
            *_unequal(results, facts),
        ],
        notes=[*_notes(results, table), *(text for text in tuned if "WARNING" not in text)],
        pictures=list(_pictures(results, table, facts, at)),
        sections=list(_sections(results, table, facts, at, against)),
        programs=tables.programs(results),
        study=text,
    )


def _study(folder: Path) -> tuple[str, dict[str, Any]]:
    """Return the study file's text and contents; empty where a folder has none."""
    path = folder / "study.yaml"
    if not path.is_file():
        return "", {}
    text = read_text(path)
    problems: list[Problem] = []
    facts = parse(text, str(path), problems).plain() or {}
    if problems or not isinstance(facts, dict):
        raise ScenarioError(problems or [Problem(str(path), 1, 1, "", "is no study")])
    return text, facts


def _sections(
    results: Results, table: pd.DataFrame, facts: dict[str, Any], at: Sequence[str],
    against: str | None,
) -> Iterator[tuple[Table, int]]:  # fmt: skip
    """Yield tables, each with the number of its first columns that are text."""
    if TRIAL in table:
        yield tables.trials(trial_table(table), maximise=_maximise(facts)), 1
    yield tables.settings(results), 1
    if against is not None or (at and TRIAL not in table) or _has_pairs(results):
        yield equal_cost(results, at, against), 1
    if REMOVED in results.varied:
        yield tables.influences(results), len(results.varied) + 1
    yield tables.who_pays(results), 2
    others = tables.unfinished(table, [*results.varied, "seed"])
    if others.rows:
        yield others, 3


def _pictures(
    results: Results, table: pd.DataFrame, facts: dict[str, Any], at: Sequence[str]
) -> Iterator[Picture]:
    if TRIAL in table:
        yield _of_trials(table, facts)
    keys = _axes(results)
    for key in _curves(results, keys):
        yield from _bands(results, key, at)
    if keys:
        yield _dots(results, keys)
    if _has_front(results):
        yield _picture(plot_pareto(results, SETTING), "front", FRONT)
    yield from _special(results, keys)


def _of_trials(table: pd.DataFrame, facts: dict[str, Any]) -> Picture:
    objective = (facts.get("search") or {}).get("objective", "accuracy")
    named = " ".join(map(str, objective.values())) if isinstance(objective, dict) else objective
    axes = plot_trials(trial_table(table), maximise=_maximise(facts))
    axes.set_ylabel(f"objective: {named}")
    return _picture(axes, "trials", TRIALS)


def _bands(results: Results, key: str, at: Sequence[str]) -> Iterator[Picture]:
    """Yield accuracy over time, over bytes and over what else *at* is of, a curve for each value
    of *key*.
    """
    frame = results.frame
    of = "" if key == SETTING else f", by {key}"
    words = capital(common_words(results.runs))
    caption = BANDS.format(words=words, of=of, n=int(frame.groupby(key)["seed"].size().min()))
    yield _picture(plot_bands(results, key, budgets=at), f"time-{key}", caption)
    sending = results.keep(frame["wire_bytes"] > 0)
    if sending.frame[key].nunique() > 1:
        axes = plot_bands(sending, key, "wire_bytes", budgets=at)
        yield _picture(axes, f"bytes-{key}", BYTES)
    for cost in dict.fromkeys(budget.cost for budget in parse_budgets(at)):
        if cost not in ("time_s", "wire_bytes"):
            axes = plot_bands(results, key, cost, budgets=at)
            yield _picture(axes, f"{cost}-{key}", OTHER.format(cost=KINDS[cost].name))


def _dots(results: Results, keys: list[str]) -> Picture:
    by, hue = keys[0], keys[1] if len(keys) > 1 else None
    of = f" by {by}" + (f" and {hue}" if hue else "")
    axes = plot_settings(results, by, "final_accuracy_mean", hue)
    return _picture(axes, "dots", DOTS.format(words=capital(common_words(results.runs)), of=of))


def _has_pairs(results: Results) -> bool:
    """Tell whether there are settings with several seeds, chosen by hand: neither trials of a
    search nor agents taken away, whose comparisons have tables of their own.
    """
    frame = results.frame
    by_hand = TRIAL not in results.varied and REMOVED not in results.varied
    return by_hand and frame[SETTING].nunique() > 1 and frame["seed"].nunique() > 1


def _budget_of(facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the budget that a search was for, to be marked; nothing for other studies."""
    objective = (facts.get("search") or {}).get("objective")
    budget = objective.get("budget") if isinstance(objective, dict) else None
    return () if budget is None else (str(budget),)


def _has_front(results: Results) -> bool:
    """Tell whether settings differ in bytes, and on purpose."""
    frame = results.frame
    return REMOVED not in results.varied and bool(
        frame[SETTING].nunique() > 1 and frame["wire_bytes"].nunique() > 1
    )


def _special(results: Results, keys: list[str]) -> Iterator[Picture]:
    """Yield what only some studies have: graphs, agents taken away, unequal loads."""
    if "topology" in keys and all(run.topology for run in results):
        gap = results.measure(spectral_gap=lambda run: topology_measures(run).spectral_gap)
        hue = next((key for key in keys if key != "topology"), None)
        axes = plot_relation(gap, "spectral_gap", "final_accuracy_mean", "topology", hue)
        yield _picture(axes, "gap", GAP)
    if REMOVED in results.varied:
        yield _picture(plot_influence(influence(results)), "influence", LOST)
    by = SETTING if results.frame[SETTING].nunique() <= ROWS else next(iter(keys), None)
    if by is not None and REMOVED not in results.varied:
        yield _picture(plot_time_shares(results, by), "shares", SHARES)
        if any(run.summary.get("distilled") for run in results):
            yield _picture(plot_staleness(results, by), "staleness", STALE)
    load = load_over_mean(results)
    if len(load) and keys:
        yield _picture(plot_load(load, keys[0]), "load", LOAD)


def _axes(results: Results) -> list[str]:
    """Return what was varied and has few enough values to be told apart in a figure."""
    keys = [key for key in results.varied if key not in (TRIAL, REMOVED)]
    return [key for key in keys if 1 < results.frame[key].nunique() <= CURVES]


def _curves(results: Results, keys: list[str]) -> list[str]:
    if results.frame[SETTING].nunique() <= CURVES:
        return [SETTING]
    return keys[:2] if TRIAL not in results.varied else []


def _maximise(facts: dict[str, Any]) -> bool:
    objective = (facts.get("search") or {}).get("objective", "accuracy")
    kind = objective.get("kind") if isinstance(objective, dict) else objective
    return kind not in MINIMISED


def _subtitle(results: Results, table: pd.DataFrame) -> str:
    seeds, settings = results.frame["seed"].nunique(), results.frame[SETTING].nunique()
    runs = table["run"].nunique()
    return f"{len(results)} of {runs} runs complete · {settings} settings · {seeds} seeds"


def _warnings(table: pd.DataFrame) -> Iterator[str]:
    states = table.drop_duplicates("run")["status"].value_counts()
    failed = int(states.get("failed", 0))
    if failed:
        yield f"{failed} of {int(states.sum())} runs FAILED; see the end of the tables."
    for what in ("diverged", "dead"):
        if f"final_{what}" in table:
            some = int((table.drop_duplicates("run")[f"final_{what}"] > 0).sum())
            if some:
                yield f"In {some} of {int(states.sum())} runs there were agents {what} at the end."
    pending = int(states.get("pending", 0))
    if pending:
        yield f"{pending} of {int(states.sum())} runs are still to come: p2pkd sweep --resume."


def _unequal(results: Results, facts: dict[str, Any]) -> Iterator[str]:
    text = unequal_work_of(results, facts)
    if text is not None:
        yield f"{text}."


def _notes(results: Results, table: pd.DataFrame) -> Iterator[str]:
    pruned = int((table["status"] == "pruned").sum())
    if pruned:
        yield f"{pruned} runs were given up by the search and count in no mean."
    alone = [run for run in results if not run.summary.get("distilled")]
    if alone:
        yield f"In {len(alone)} runs no agent learned anything from another."
    commits = results.frame["git_commit"].nunique()
    if commits > 1:
        yield f"The runs were made by {commits} different commits of the program."


def _picture(axes: Axes, name: str, caption: str) -> Picture:
    return Picture(inline_svg(axes, re.sub(r"\W+", "-", name)), caption)
