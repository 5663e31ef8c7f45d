"""Commands that look at scenarios and at what there is to choose from, and run nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from p2pkd.cli.app import (
    WRONG_INPUT,
    JsonOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    app,
    example,
)
from p2pkd.cli.streams import echo
from p2pkd.core.errors import InputError, Problem, ScenarioError

if TYPE_CHECKING:
    from p2pkd.scenario.load import Loaded

# Graphs of so many agents are built in less time than it takes to start.
QUICK_AGENTS = 2000
# Graphs in one piece wherever they have few edges per agent for so many agents; Watts-Strogatz
# ones, of four edges or more, as good as always.  Nothing is imported to find that out.
WHOLE = {"complete", "star", "ring", "watts_strogatz", "barabasi_albert"}


@app.command(
    epilog=example(
        "p2pkd validate scenarios/quickstart.yaml",
        "p2pkd validate scenarios/*.yaml --set agents=8 --deep",
    )
)
def validate(
    scenarios: Annotated[list[Path], typer.Argument(metavar="SCENARIO", help="Scenario files.")],
    set_: SetOption = [],  # noqa: B006
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Build data, graph, links and devices too, as a run would."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check scenario files; print every mistake with its line and column.

    What is planned and cannot come about is a warning: a warm-up longer than the run, say.

    A device that cannot even hold its model is one, and so is a graph of up to 2,000 agents that
    is in pieces or has no place for the aggregators.  With --deep also what only building can
    tell: files that are missing, larger graphs, partitions that cannot be made, activations and
    remembered messages that do not fit beside the model.  That takes seconds.
    """
    found = {str(path): _checked(path, set_, deep=deep) for path in scenarios}
    if as_json:
        echo(json.dumps(_validity(found), indent=2))
    for path, it in found.items():
        for problem in it.problems:
            echo(str(problem), err=True)
        for warning in it.warnings:
            echo(f"warning: {warning}", err=True)
        if not it.problems and not as_json:
            echo(f"{path}: valid" + (f"; {_depends(it.looks)}" if it.looks else ""))
            for text in it.departures:
                echo(f"{path}: departs from the preset: {text}")
            for text in (*it.unused, *it.remarks):
                echo(f"{path}: {text}")
    if any(checked.problems for checked in found.values()):
        raise typer.Exit(WRONG_INPUT)


class Checked(NamedTuple):
    """Mistakes; choices by which the timeline depends on what is learned; see `Loaded`.

    `warnings` are of what is planned and cannot come about.
    """

    problems: list[Problem]
    looks: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()


def _checked(path: Path, overrides: list[str], *, deep: bool) -> Checked:
    from p2pkd.scenario.foresight import bare_shares, forewarnings
    from p2pkd.scenario.load import load_scenario

    try:
        loaded = load_scenario(path, overrides)
        try:
            foreseen, remarks = _build(loaded, deep=deep)
        except InputError as error:
            raise loaded.located(error) from None
    except ScenarioError as error:
        return Checked(list(error.problems))
    except InputError as error:
        return Checked([Problem(str(path), 0, 0, "", str(error))])
    found = loaded.placed([*forewarnings(loaded.scenario), *foreseen])
    looks = loaded.scenario.method.looks
    remarks = (*bare_shares(loaded.tree, type(loaded.scenario)), *remarks)
    return Checked([], looks, loaded.departures, loaded.unused, found, remarks)


def _depends(looks: tuple[str, ...]) -> str:
    return f"its timeline depends on what is learned ({', '.join(looks)})"


def _build(loaded: Loaded, *, deep: bool) -> tuple[list[str], tuple[str, ...]]:
    """Build what a run of the scenario needs, all of it or what takes no time.

    Return what can then be foreseen, who is too slow, and what was remarked about its files.
    """
    if not deep:
        from p2pkd.engine.capable import check_device
        from p2pkd.world.memory import check_models

        check_device(loaded.scenario.execution)
        check_models(loaded.scenario)
        return [], _check_graph(loaded)
    from p2pkd.core.records import Observer
    from p2pkd.core.rng import Streams
    from p2pkd.engine.assemble import assemble

    scenario = loaded.scenario
    streams = Streams(scenario.seed)
    simulation = assemble(scenario, streams, loaded.base, Observer(), dry_run=True)
    return simulation.foreseen, simulation.remarks


def _check_graph(loaded: Loaded) -> tuple[str, ...]:
    """Build the graph, where that takes no time and no file; return what was left unchecked."""
    scenario = loaded.scenario
    if scenario.agents > QUICK_AGENTS:
        return (f"its graph, of {scenario.agents:,} agents, is checked with --deep alone",)
    if hasattr(scenario.topology, "path"):
        return ()
    if scenario.aggregators is None and _is_surely_whole(scenario.topology, scenario.agents):
        return ()
    from p2pkd.core.errors import about
    from p2pkd.core.rng import Streams
    from p2pkd.world.graphs import build_topology
    from p2pkd.world.hierarchy import build_hierarchy

    with about("topology"):
        topology = build_topology(
            scenario.topology, scenario.agents, Streams(scenario.seed), loaded.base
        )
    if scenario.aggregators is not None:
        build_hierarchy(scenario.aggregators, topology)
    return ()


def _is_surely_whole(topology: Any, agents: int) -> bool:
    edges = int(getattr(topology, "k", None) or getattr(topology, "m", None) or 1)
    thin = topology.tag_value == "watts_strogatz" and edges < 4
    return topology.tag_value in WHOLE and edges < agents and not thin


def _validity(found: dict[str, Checked]) -> dict[str, Any]:
    files = []
    for path, it in found.items():
        problems = [problem._asdict() for problem in it.problems]
        entry = {"file": path, "valid": not problems, "problems": problems}
        told = {
            "timeline_looks_at_learning": it.looks,
            "departures": it.departures,
            "unused": it.unused,
            "warnings": [warning._asdict() for warning in it.warnings],
            "remarks": it.remarks,
        }
        files.append(entry | {key: list(texts) for key, texts in told.items() if texts})
    return {"valid": all(entry["valid"] for entry in files), "scenarios": files}


@app.command(
    epilog=example(
        "p2pkd show scenarios/isolated.yaml", "p2pkd show scenarios/ring.yaml > full.yaml"
    )
)
def show(
    scenario: ScenarioArgument,
    set_: SetOption = [],  # noqa: B006
    seed: SeedOption = None,
) -> None:
    """Print the whole scenario: what it extends, its preset, changes and defaults included.

    Comments say which keys its preset gave, where it departs from that, what counts no longer since
    another preset or kind replaces it, and whether its timeline depends on what is learned.
    """
    from p2pkd.scenario.load import load_scenario
    from p2pkd.scenario.resolve import to_yaml

    loaded = load_scenario(scenario, set_, seed)
    for remark in _remarks(loaded):
        echo(fill(remark, 100, initial_indent="# ", subsequent_indent="#   "))
    echo(to_yaml(loaded.scenario), nl=False)


def _remarks(loaded: Loaded) -> Iterator[str]:
    from p2pkd.scenario.origins import preset_keys

    method = loaded.scenario.method
    if method.looks:
        yield f"{_depends(method.looks).capitalize()}."
    keys = preset_keys(loaded.tree)
    if keys:
        yield f"From the preset {method.preset}: {', '.join(keys)}."
    for text in loaded.departures:
        yield f"Departs from the preset: {text}."
    yield from (f"{text}." for text in loaded.unused)


@app.command(epilog=example("p2pkd schema > scenarios/scenario.schema.json"))
def schema() -> None:
    """Print the JSON schema of scenario files, for editors."""
    from p2pkd.scenario.schema import schema_text

    echo(schema_text(), nl=False)


@app.command(
    "list",
    epilog=example(
        "p2pkd list", "p2pkd list objectives", "p2pkd list devices", "p2pkd list presets"
    ),
)
def list_(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]", help="A family, 'devices', 'presets' or 'laws'; default: all."
        ),
    ] = None,
) -> None:
    """List what a scenario can choose from, one line each."""
    from p2pkd.cli.catalogue import sections

    for line in sections(kind):
        echo(line)
