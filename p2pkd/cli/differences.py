"""The tables of what a study's variants differ in, as wide as the terminal at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from p2pkd.study.differences import Differences

LABEL_WIDTH, VALUE_WIDTH, GAP = 26, 18, 2


def print_differences(found: Differences, console: Console | None = None) -> None:
    """Print what differs: tables of the keys that all have, then what only some have."""
    console = console or Console(highlight=False, markup=False)
    if len(found.rows) < 2:
        return
    if not (found.columns or any(found.own.values())):
        console.print("\nThe settings differ in nothing but labels and seeds.")
        return
    if found.columns:
        console.print("\nWhat differs (as resolved; – where a setting has no such key):")
    for keys in _split(found, console.width):
        console.print(_table(found, keys))
    if found.same:
        same = ", ".join(f"{key} {value}" for key, value in found.same.items())
        console.print(_wrapped(f"Same for all: {same}", console.width))
    if found.usual:
        usual = ", ".join(f"{key} {value}" for key, value in found.usual.items())
        console.print(_wrapped(f"Unless said otherwise below: {usual}", console.width))
    for label, own in found.own.items():
        if own:
            text = ", ".join(f"{key} {value}" for key, value in own.items())
            console.print(_wrapped(f"{label}: {text}", console.width))


def _wrapped(text: str, width: int) -> str:
    return fill(text, width, subsequent_indent="  ", break_on_hyphens=False)


def _split(found: Differences, width: int) -> Iterator[Sequence[str]]:
    """Yield the keys by tables, each as wide as there is room beside the labels."""
    room = width - min(max(map(len, found.rows)), LABEL_WIDTH) - GAP
    keys: list[str] = []
    used = 0
    for key in found.columns:
        need = _width(found, key) + GAP
        if keys and used + need > room:
            yield keys
            keys, used = [], 0
        keys.append(key)
        used += need
    if keys:
        yield keys


def _width(found: Differences, key: str) -> int:
    values = max(len(row.get(key, "–")) for row in found.rows.values())
    return max(min(values, VALUE_WIDTH), *map(len, _heading(key).split("\n")))


def _heading(key: str) -> str:
    """Return ``learn.`` above ``local_steps``, two lines at most."""
    above, dot, name = key.rpartition(".")
    return f"{above}{dot}\n{name}" if above else key.replace(" ", "\n", 1)


def _table(found: Differences, keys: Sequence[str]) -> Table:
    # The box has a blank between columns.
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, GAP - 1, 0, 0), pad_edge=False)
    label = min(max(map(len, found.rows)), LABEL_WIDTH)
    table.add_column("", width=label, overflow="fold")
    for key in keys:
        table.add_column(_heading(key), width=_width(found, key), overflow="fold")
    for name, row in found.rows.items():
        table.add_row(name, *(row.get(key, "–") for key in keys))
    return table
