"""What a run's numbers cannot be believed without: models that diverged, or died.

Both words are defined on `p2pkd.learning.api.Evaluation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from p2pkd.analysis.io.readable import count, seconds

if TYPE_CHECKING:
    import pandas as pd

ADVICE = "Look at learn.lr, learn.clip_norm and the scale of the features."
NAN = "their numbers are not finite, and every mean that they are part of is nan"
DEAD = "give all test rows the same answer, whatever is in them"


def troubles(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with the models of a run, by its *summary*."""
    yield from _trouble(summary, "diverged", f"have DIVERGED: {NAN}")
    yield from _trouble(summary, "dead", f"have DEAD models, which {DEAD}")
    discarded = summary.get("messages_discarded")
    if discarded:
        yield f"{count(discarded)} messages were not finite, and nobody learned from them."


def in_short(summary: Mapping[str, Any]) -> str:
    """Return ``3 agents diverged since 60 s, 2 dead since 5 min``; empty where all is well."""
    parts = [
        f"{_agents(summary[f'final_{what}'])} {what} since {seconds(summary[f'{what}_since_s'])}"
        for what in ("diverged", "dead")
        if _some(summary.get(f"final_{what}"))
    ]
    return ", ".join(parts)


def diverged(agents: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows of a run's *agents* had diverged when they were last measured."""
    if "diverged_s" not in agents:  # of an older version
        return agents["agent"] < 0
    return agents["accuracy"].isna() & agents["diverged_s"].notna()


def _trouble(summary: Mapping[str, Any], what: str, text: str) -> Iterator[str]:
    number, since_s = summary.get(f"final_{what}"), summary.get(f"{what}_since_s")
    if _some(number):
        yield f"{_agents(number)} {text} (the first since {seconds(since_s)}). {ADVICE}"
    elif since_s is not None:
        yield f"Some agents were {what} at {seconds(since_s)}, but none at the end. {ADVICE}"


def _agents(number: Any) -> str:
    return "1 agent" if number == 1 else f"{count(number)} agents"


def _some(number: Any) -> bool:
    return number is not None and number > 0
