"""What the variants of a study differ in: every resolved key, and the bytes of a message."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from p2pkd.analysis.measures.tuning import TUNED
from p2pkd.analysis.measures.work import is_work
from p2pkd.analysis.measures.work import unequal_work as unequal
from p2pkd.scenario.resolve import to_yaml
from p2pkd.study.axes import SEED, VARIANT
from p2pkd.study.point import Point
from p2pkd.study.task import DONE, Task, row_of, run_task

BYTES = "bytes a message"
ABSENT = "–"
# What a comparison must be fair in comes first, and is told where it is the same too.
FIRST = (
    "learn.optimizer", "learn.lr", "learn.batch", "learn.local_steps", "learn.distill_steps",
    "models.start", "models.start.alike", "evaluate.score", "send.knowledge", "send.rows",
    "send.codec", BYTES,
)  # fmt: skip
APART = ("name", "description", SEED, "execution")
TAGS = (".kind", ".keep")
# Rows from which on what is usual goes without saying.
MANY = 8
# Simulated time of the dry runs that weigh messages, in gossip periods.
PERIODS = 3


@dataclass(frozen=True)
class Differences:
    """Texts by row (a variant or setting) and key.

    `columns` are the keys that differ and that all rows have, or that are in `FIRST`; `own` the
    others by row, without what is `usual`, the value of most rows; `same` are the values of `FIRST`
    in which no two rows differ.
    """

    rows: Mapping[str, Mapping[str, str]]
    columns: tuple[str, ...]
    own: Mapping[str, Mapping[str, str]]
    usual: Mapping[str, str]
    same: Mapping[str, str]


def differences(points: Sequence[Point], *, weigh: bool = True) -> Differences:
    """Return what differs between the variants of *points*, or its settings if it has none.

    A variant is shown as it is with the first values of the study's other axes.  With *weigh*, a
    short dry run of each tells the payload of its mean message.
    """
    shown = _shown(points)
    rows = {label: dict(_texts(point)) for label, point in shown.items()}
    if weigh:
        weights = _Weights()
        for label, point in shown.items():
            rows[label][BYTES] = weights.of(point)
    keys = list(dict.fromkeys(key for row in rows.values() for key in row))
    keys.sort(key=lambda key: FIRST.index(key) if key in FIRST else len(FIRST))
    values = {key: [row.get(key, ABSENT) for row in rows.values()] for key in keys}
    differ = [key for key in keys if len(set(values[key])) > 1]
    usual = {key: most for key in differ if (most := _usual(values[key])) and key not in FIRST}
    everywhere = {key for key in keys if all(key in row for row in rows.values())}
    columns = [key for key in differ if key in FIRST or (key in everywhere and key not in usual)]
    own = {
        label: {k: v for k, v in row.items() if k in differ and v != usual.get(k, ABSENT)}
        for label, row in rows.items()
    }
    return Differences(
        rows,
        tuple(columns),
        {label: {k: v for k, v in row.items() if k not in columns} for label, row in own.items()},
        {key: most for key, most in usual.items() if most != ABSENT},
        {key: values[key][0] for key in keys if key in FIRST and key not in differ},
    )


def unequal_work(points: Sequence[Point]) -> str | None:
    """Return `p2pkd.analysis.measures.work.unequal_work` between the settings of *points*."""
    methods: dict[str, dict[str, Any]] = {}
    for point in points:
        label = str(
            [label for key, label in point.labels.items() if key != SEED and not is_work(key)]
        )
        if label not in methods:
            methods[label] = point.loaded.scenario.method.model_dump(mode="json")
    return unequal(methods)


def _usual(values: Sequence[str]) -> str | None:
    """Return the value that two rows in three have, where there are many rows."""
    (most, count) = Counter(values).most_common(1)[0]
    return most if len(values) >= MANY and count >= 2 / 3 * len(values) else None


def _shown(points: Sequence[Point]) -> dict[str, Point]:
    found: dict[str, Point] = {}
    for point in points:
        if VARIANT in point.labels:
            label = str(point.labels[VARIANT])
        else:
            label = ", ".join(
                f"{k}={v}" for k, v in point.labels.items() if k != SEED and TUNED not in k
            )
        found.setdefault(label, point)
    return found


def _texts(point: Point) -> Iterator[tuple[str, str]]:
    dumped = point.loaded.scenario.model_dump(mode="json")
    for key in APART:
        dumped.pop(key, None)
    tuned = {key.removeprefix(TUNED) for key in point.labels if key.startswith(TUNED)}
    for key, value in _flat(dumped, ""):
        yield key.removeprefix("method."), "tuned" if key in tuned else value


def _flat(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield dotted keys of plain data and their values in words; a tag has its mapping's key."""
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        value = {str(number): item for number, item in enumerate(value)}
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else name)
        return
    for tag in TAGS:
        key = key.removesuffix(tag)
    yield key, text_of(value)


def text_of(value: Any) -> str:
    """Return a plain value in words: ``yes``, ``64, 32``, a number as YAML has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(text_of, value)) or ABSENT
    return ABSENT if value is None else str(value)


class _Weights:
    """The payload of the mean message, by what it depends on, so that each is tried once."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def of(self, point: Point) -> str:
        dumped = point.loaded.scenario.model_dump(mode="json")
        parts = ("method", "data", "devices", "aggregators", "agents")
        key = json.dumps([dumped[part] for part in parts], sort_keys=True)
        if key not in self.known:
            self.known[key] = _weighed(point)
        return self.known[key]


def _weighed(point: Point) -> str:
    """Return the payload in bytes; in words where it depends on learning, or nothing is sent."""
    scenario = point.loaded.scenario
    until = min(scenario.duration, PERIODS * scenario.method.gossip.every)
    brief = replace(point, resolved_text=to_yaml(scenario.model_copy(update={"duration": until})))
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_task(Task.of(brief, Path(folder), dry_run=True))
        row = row_of(Path(folder) / point.key)
    if outcome.status != DONE:
        return "varies" if scenario.method.looks else ABSENT
    sent = row["messages_sent"]
    return f"{row['payload_bytes'] / sent:,.0f}" if sent else ABSENT
