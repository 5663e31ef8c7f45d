"""The settings of a study at equal cost: accuracy, and differences between runs of one seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from p2pkd.analysis.io.readable import setting_text
from p2pkd.analysis.io.run_set import RunSet
from p2pkd.analysis.measures.budgets import Bought, Budget, accuracy_at
from p2pkd.analysis.measures.power import detectable, holm, seeds_needed, shows_from
from p2pkd.analysis.measures.statistics import Interval, interval, interval_of, paired
from p2pkd.analysis.measures.tuning import TUNED
from p2pkd.core.errors import ResultError, suggestion
from p2pkd.core.scores import short

ALL, BEST = "all", "best"
COMPARED = ("difference", "difference_low", "difference_high", "pairs", "p", "p_holm",
            "shows_from", "detectable", "seeds_needed")  # fmt: skip
MEASURED = (
    "score",
    "budget",
    "mean",
    "std",
    "n",
    "low",
    "high",
    "reached",
    "used",
    "early",
    "against",
    *COMPARED,
)

Setting = tuple[Any, ...]


@dataclass(frozen=True)
class Group:
    """The runs of one setting: what each seed had for a budget, and what its accuracy is of."""

    setting: Setting
    by_seed: Mapping[int, Bought]
    score: str

    @property
    def early(self) -> float:
        """The share of runs that count with models that are hardly trained (`Bought.early`)."""
        return sum(bought.early for bought in self.by_seed.values()) / len(self.by_seed)

    @property
    def interval(self) -> Interval:
        """Accuracy over seeds; nan if a run has none, the others' mean would flatter."""
        accuracies = [bought.accuracy for bought in self.by_seed.values()]
        return interval_of(pd.Series(accuracies, name="final_accuracy_mean"))


def at_budgets(results: RunSet, budgets: Sequence[str], against: str | None = None) -> pd.DataFrame:
    """Return a row per budget and setting, or per pair of settings.

    *budgets* are texts that `Budget.parse` reads; none: ``final``.  *against* says what each
    setting is compared with: a value of what was varied, all else equal (the default: the first
    value of the first key); the whole text of a setting; ``best``, the one with the highest mean;
    or ``all``, every setting before it, a row each.

    Columns: what was varied; ``score``, what accuracy is of (`p2pkd.core.scores`); ``budget``;
    ``mean``, ``std``, ``n``, ``low``, ``high`` of accuracy over seeds (95 %); ``reached``, the
    share of runs that had spent the budget by their end, the others counting with the accuracy of
    their end; ``used``, the mean share of the budget that had been spent at the evaluation that
    counts; ``early``, the share of runs that had spent less than half of it by then and more in the
    end, or had not learned yet (`early_notes` says so in words): such settings are in no
    comparison.  A setting with a run that has no accuracy, since it had diverged or its first
    evaluation had spent more, has none.  Then ``against`` and the mean ``difference`` of pairs of
    one seed with its 95 % interval, the number of ``pairs``, ``p`` of the paired t test and
    ``p_holm``, corrected for all comparisons in the table; ``shows_from``, the smallest mean
    difference that these seeds would have shown; ``detectable``, the true difference that they show
    with a power of 80 %; ``seeds_needed`` to show the observed one with that power, if it is true.

    Raise ResultError for a budget or an *against* that is not there.
    """
    keys = results.varied or ["name"]
    rows: list[dict[str, Any]] = []
    for budget in parse_budgets(budgets):
        groups = _groups(results, keys, budget)
        compared = _against(groups, keys, against)
        for setting, group in groups.items():
            others: Sequence[Group | None] = compared[setting] or [None]
            rows += [_row(keys, budget, group, other) for other in others]
    table = pd.DataFrame(rows)
    again = repeated(table)
    first = table["p"].mask(again)
    table["p_holm"] = holm(first.tolist())
    same = table.groupby(_test(table), sort=False, dropna=False)["p_holm"]
    table["p_holm"] = same.transform("first")
    return table


def repeated(table: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows of an `at_budgets` are the test of an earlier row.

    Two budgets that end at the same evaluations of all runs ask the same: it counts once.
    """
    return table.duplicated(_test(table)) & table["p"].notna()


def tests(table: pd.DataFrame) -> int:
    """Return how many tests *table* has, for which its p-values are corrected."""
    return int((table["p"].notna() & ~repeated(table)).sum())


def _test(table: pd.DataFrame) -> list[str]:
    """Return the columns in which two rows of one test are equal."""
    keys = [key for key in table.columns if key not in MEASURED]
    return [*keys, "against", "mean", "std", "difference", "difference_low", "p"]


def early_notes(table: pd.DataFrame) -> list[str]:
    """Return warnings about the settings of an `at_budgets` that are early, a budget each."""
    keys = [key for key in table.columns if key not in MEASURED]
    notes = []
    for budget, own in table[table["early"] > 0].groupby("budget", sort=False):
        rows = own.drop_duplicates(keys).to_dict("records")
        named = "; ".join(f"{setting_text(row, keys)} ({_spent(row)})" for row in rows)
        notes.append(
            f"at {budget} there is no answer for {named}: no evaluation is near the budget. "
            "Evaluate more often (evaluate.every); if one round costs more, choose a larger budget"
        )
    return notes


def _spent(row: Mapping[Any, Any]) -> str:
    return f"{100 * row['used']:.0f} % of it spent at the evaluation that counts"


def parse_budgets(texts: Sequence[str]) -> list[Budget]:
    """Return the budgets; raise ResultError, with all that is wrong, if one cannot be read."""
    found, wrong = [], []
    for text in texts or ["final"]:
        try:
            found.append(Budget.parse(text))
        except ValueError as error:
            wrong.append(f"at: {error}")
    if wrong:
        raise ResultError("\n".join(wrong))
    return found


def _groups(results: RunSet, keys: list[str], budget: Budget) -> dict[Setting, Group]:
    found: dict[Setting, dict[int, Bought]] = {}
    scores: dict[Setting, dict[str, None]] = {}
    for run, row in zip(results, results.frame[keys].itertuples(index=False), strict=True):
        setting = tuple(None if value != value else value for value in row)
        found.setdefault(setting, {})[run.seed or 0] = accuracy_at(run, budget)
        scores.setdefault(setting, {})[short(run.summary)] = None
    return {
        setting: Group(setting, by_seed, " and ".join(scores[setting]))
        for setting, by_seed in found.items()
    }


def _row(keys: list[str], budget: Budget, group: Group, other: Group | None) -> dict[str, Any]:
    bought = list(group.by_seed.values())
    final = not math.isfinite(budget.amount)
    spent = [each.spent / budget.amount for each in bought if not math.isnan(each.spent)]
    used = 1.0 if final else sum(spent) / len(spent) if spent else math.nan
    return {
        **dict(zip(keys, group.setting, strict=True)),
        "score": group.score,
        "budget": budget.text,
        **vars(group.interval),
        "reached": sum(each.reached for each in bought) / len(bought),
        "used": used,
        "early": group.early,
        "against": "" if other is None else _text(keys, other.setting),
        **_difference(group, other),
    }


def _difference(group: Group, other: Group | None) -> dict[str, float]:
    """Return what *group* has more than *other*, seed by seed; nothing where one is early."""
    seeds = [] if other is None else [seed for seed in group.by_seed if seed in other.by_seed]
    if other is None or not seeds or group.early or other.early:
        return dict.fromkeys(COMPARED, math.nan) | {"pairs": 0}
    found = paired(
        [other.by_seed[seed].accuracy for seed in seeds],
        [group.by_seed[seed].accuracy for seed in seeds],
    )
    if found.n < len(seeds):
        return dict.fromkeys(COMPARED, math.nan) | {"pairs": found.n}
    std = interval(found.differences).std
    values = (found.mean, found.low, found.high, found.n, found.p, math.nan,
              shows_from(std, found.n), detectable(std, found.n),
              seeds_needed(found.mean, std))  # fmt: skip
    return dict(zip(COMPARED, values, strict=True))


def _against(
    groups: dict[Setting, Group], keys: list[str], against: str | None
) -> dict[Setting, list[Group]]:
    """Return what each setting is compared with, never with itself."""
    settings = list(groups)
    if against == ALL:
        return {s: [groups[other] for other in settings[:i]] for i, s in enumerate(settings)}
    found = dict(_baselines(groups, keys, against))
    return {s: [groups[found[s]]] if found.get(s, s) != s else [] for s in settings}


def _baselines(
    groups: dict[Setting, Group], keys: list[str], against: str | None
) -> Iterator[tuple[Setting, Setting]]:
    """Yield each setting with its baseline, where it has one among *groups*."""
    texts = {_text(keys, setting): setting for setting in groups}
    if against == BEST or against in texts:
        one = texts[against] if against in texts else _best(groups)
        yield from ((setting, one) for setting in groups)
        return
    first = next(iter(groups))[0]
    wanted = str(first) if against is None else against
    place = next((i for i in range(len(keys)) for s in groups if str(s[i]) == wanted), None)
    if place is None:
        known = list(dict.fromkeys([*texts, *(str(v) for s in groups for v in s), ALL, BEST]))
        raise ResultError(
            f"against: no setting {against!r}{suggestion(str(against), known)}; "
            f"there are {', '.join(known[:12])}"
        )
    # What was tuned is each setting's own: the best of one is not asked of the other.
    others = [i for i, key in enumerate(keys) if i != place and not key.startswith(TUNED)]
    rest = {tuple(s[i] for i in others): s for s in groups if str(s[place]) == wanted}
    for setting in groups:
        counterpart = rest.get(tuple(setting[i] for i in others))
        if counterpart is not None:
            yield setting, counterpart


def _best(groups: dict[Setting, Group]) -> Setting:
    means = {s: math.nan if group.early else group.interval.mean for s, group in groups.items()}
    return max(means, key=lambda setting: -1.0 if math.isnan(means[setting]) else means[setting])


def _text(keys: list[str], setting: Setting) -> str:
    return setting_text(dict(zip(keys, setting, strict=True)), keys)
