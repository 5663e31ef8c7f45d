"""Makes every table, figure and number that README and docs quote: `make results`.

What is up to date is left alone: a result is stamped with the hashes of its resolved scenarios and
of the program.  Runs lie in runs/results/PROGRAM/STUDY and go on where they were stopped.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from making.made import ITEMS
from making.markdown_parts import replace_part, table
from making.quoted import quoted
from making.results import ByHand, Item, Plan, copy_pages
from making.stamps import read_stamps

PAGE = "docs/results/README.md"


def main(
    only: Annotated[list[str], typer.Option(metavar="NAME", help="These alone.")] = [],  # noqa: B006
    list_: Annotated[bool, typer.Option("--list", help="What there is, and its state.")] = False,
    quotes: Annotated[
        bool, typer.Option("--quotes", help="Sentences with numbers, and their sources.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Write what is up to date too.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Workers; default: one a core.")] = None,
    runs: Annotated[Path | None, typer.Option(help="Default: runs/results.")] = None,
    program: Annotated[
        str, typer.Option(help="Go on with the runs of this program, a folder's name in RUNS.")
    ] = "",
    seeds: Annotated[int | None, typer.Option(min=2, help="Short form; needs --into.")] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write into copies of the pages, here.")
    ] = None,
) -> None:
    """Make what is not up to date; name by name, or all."""
    chosen = _chosen(only)
    plan = Plan(jobs=jobs, program=program, seeds=seeds)
    plan = replace(plan, runs=runs or plan.runs, place=into or plan.place)
    if seeds is not None and into is None:
        raise typer.BadParameter("a short form is not for the pages; give --into DIR")
    if quotes:
        for each in quoted(plan.place):
            print(f"{each.page}:{each.line}  [{each.source}]  {each.text[:100]}")
    elif list_:
        for name, _, state, minutes, where in _rows(chosen, plan):
            print(f"{name:<14} {state:<34} {minutes:>8}  {where}")
    else:
        _make(chosen, plan, again=again or into is not None)


def _make(items: list[Item], plan: Plan, *, again: bool) -> None:
    if into := plan.place != Plan().place:
        copy_pages(items, plan.place)
    for item in items:
        state = item.state(plan)
        if isinstance(item, ByHand) or (state == "up to date" and not again):
            print(f"{item.name}: {state}", file=sys.stderr)
            continue
        print(f"{item.name}: {state}; making it", file=sys.stderr, flush=True)
        item.run(plan)
        for each in [] if into else quoted(plan.place):
            if each.source == item.name:
                print(f"read again: {each.page}:{each.line}  {each.text[:90]}")
    if not into:
        replace_part(plan.place / PAGE, "list", listed())


def listed() -> str:
    """Return all results as a Markdown table: what, command, minutes, where it goes."""
    stamps = read_stamps(Plan().place)
    rows = [
        [item.name, item.what, f"`{item.command}`", _minutes(item, stamps),
         ", ".join(f"`{output}`" for output in item.outputs)]
        for item in ITEMS
    ]  # fmt: skip
    return table(["result", "what", "command", "minutes", "where"], rows, texts=3)


def _rows(items: list[Item], plan: Plan) -> list[tuple[str, str, str, str, str]]:
    stamps = read_stamps(plan.place)
    return [
        (item.name, item.what, item.state(plan), f"{_minutes(item, stamps)} min",
         ", ".join(item.outputs))
        for item in items
    ]  # fmt: skip


def _minutes(item: Item, stamps: dict) -> str:
    """Return minutes on two cores: as last measured, or as estimated once."""
    measured = stamps.get(item.name, {}).get("processor_minutes")
    return f"{measured / 2:.1f}" if measured is not None else f"~{item.minutes / 2:.0f}"


def _chosen(names: list[str]) -> list[Item]:
    known = [item.name for item in ITEMS]
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"no result {name!r}; there are {', '.join(known)}")
    return [item for item in ITEMS if not names or item.name in names]


if __name__ == "__main__":
    typer.run(main)
