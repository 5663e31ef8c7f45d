"""The only place that wires all layers: a scenario in, a run directory and a `Result` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from p2pkd.core.errors import InputError, Interrupted, Pruned, RunError
from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.scenario.foresight import forewarnings
from p2pkd.scenario.load import Loaded, load_mapping, load_scenario
from p2pkd.scenario.resolve import to_yaml

if TYPE_CHECKING:
    from p2pkd.analysis.result import Result
    from p2pkd.engine.simulation import Simulation
    from p2pkd.record.directory import RunDirectory


def simulate(
    source: str | Path | Mapping[str, Any],
    *,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    out: str | Path | None = None,
    dry_run: bool = False,
    observers: Sequence[Observer] = (),
) -> Result:
    """Run a scenario and return its result.

    Parameters
    ----------
    source : a scenario file, or its contents as plain data; `topology` may be a NetworkX graph.
    overrides : changes such as ``"method.learn.lr=0.1"``.
    out : the run directory to write; default ``runs/<name>/<utc>-<hash8>/``.
    dry_run : run the timeline without learning: bytes, seconds and joules, no accuracy.
    observers : are told every record as it happens.

    Raise InputError if the scenario is wrong, RunError if the run fails, and Interrupted or
    Pruned, with what happened until then on disk, if the user or an observer stops it.
    """
    from p2pkd.analysis.result import Result

    load = load_mapping if isinstance(source, Mapping) else load_scenario
    loaded = load(source, overrides, seed)  # type: ignore[arg-type]
    return Result.from_dir(run(loaded, out=out, dry_run=dry_run, observers=observers))


def run(
    loaded: Loaded,
    *,
    out: str | Path | None = None,
    dry_run: bool = False,
    observers: Sequence[Observer] = (),
) -> Path:
    """Run *loaded* and return its run directory; see `simulate`."""
    from p2pkd.engine.assemble import assemble, check_dry
    from p2pkd.record.directory import RunDirectory, default_path

    scenario, resolved = loaded.scenario, to_yaml(loaded.scenario)
    # 1. The world is built before anything is written: a wrong input leaves no trace.
    fan = Fan(observers)
    streams = Streams(scenario.seed)
    try:
        if dry_run:
            check_dry(scenario.method)
        simulation = assemble(scenario, streams, loaded.base, fan, dry_run=dry_run)
    except InputError as error:
        raise loaded.located(error) from None
    # 2. The run, recorded as it goes.
    with closing(simulation.shared.learner):
        path = (
            Path(out) if out is not None else default_path(scenario.name, resolved, dry_run=dry_run)
        )
        directory = RunDirectory.create(
            path,
            scenario_text=loaded.text,
            resolved_text=resolved,
            extra=_facts(loaded, simulation, dry_run=dry_run),
        )
        with directory:
            # First, so that what makes another observer end the run is on record.
            fan.add(directory.recorder, first=True)
            _write_topology(directory, simulation)
            try:
                _run_to_the_end(simulation)
            finally:
                directory.extra["shortfalls"] = list(simulation.shortfalls)
    return directory.path


def _run_to_the_end(simulation: Simulation) -> None:
    """Run; where the user or an observer stops it, close the books first."""
    try:
        simulation.run()
    except Pruned:
        simulation.finish()
        raise
    except KeyboardInterrupt:
        simulation.shared.learner.hurry()
        with suppress(RunError):  # of a learner that is no more; what was recorded stays
            simulation.finish()
        now, until = simulation.env.now, simulation.scenario.duration
        raise Interrupted(f"stopped at {now:g} s of {until:g} s of simulated time") from None


def _facts(loaded: Loaded, simulation: Simulation, *, dry_run: bool) -> dict[str, Any]:
    scenario, data = loaded.scenario, simulation.world.data
    return {
        "name": scenario.name,
        "description": scenario.description,
        "seed": scenario.seed,
        "dry_run": dry_run,
        # What the objective learns from; "none" for the controls, which are not meant to distil.
        "teacher": scenario.method.learn.teacher,
        "departures": list(loaded.departures),
        "forewarnings": forewarnings(scenario) + simulation.foreseen,
        # What was noticed about files that could be used.
        "remarks": list(simulation.remarks),
        "reference_set": scenario.data.reference.delivery,
        "groups": _groups(simulation),
        "classes": None if data is None else data.n_classes,
        "classes_without_test_rows": list(data.untested) if data else [],
        "execution": simulation.shared.learner.describe(),
        # What its accuracies are of (`p2pkd.core.scores`).
        "summary": {"score": scenario.evaluate.score, "measure": scenario.evaluate.on[0]},
    }


def _groups(simulation: Simulation) -> dict[str, list[str]]:
    """Return, where agents differ in what they see or have to tell, which each has."""
    data = simulation.world.data
    parts: dict[str, Any] = {} if data is None else {"view": data.views, "task": data.tasks}
    return {
        what: [part.names[i] for i in part.of] for what, part in parts.items() if part is not None
    }


def _write_topology(directory: RunDirectory, simulation: Simulation) -> None:
    topology = simulation.world.topology
    if topology.n_edges > MAX_EDGES:
        return
    edges = [
        [i, int(j)] for i in range(topology.n) for j in topology.neighbours(i).tolist() if i < j
    ]
    positions = None if topology.positions is None else topology.positions.tolist()
    nodes = list(topology.names or map(str, range(topology.n)))
    directory.write_json("topology.json", {"nodes": nodes, "edges": edges, "positions": positions})


# Larger graphs are not drawn, and would make the run directory as large as its records.
MAX_EDGES = 100_000


class Fan(Observer):
    """Tells several observers everything.

    Each hook is replaced by that of the only observer who overrides it, or by a loop over all
    who do, so that nobody pays for hooks that nobody wants.
    """

    HOOKS = ("message", "compute", "evaluation", "population", "presence", "agent", "advance")

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.observers: list[Observer] = list(observers)
        # Also without anybody: a hook that is not overridden is taken for one that never will be.
        self._wire()

    def add(self, observer: Observer, *, first: bool = False) -> None:
        """Tell *observer* too, from now on; before the others if it is to be *first*."""
        self.observers.insert(0 if first else len(self.observers), observer)
        self._wire()

    def _wire(self) -> None:
        for hook in self.HOOKS:
            wanted = [getattr(o, hook) for o in self.observers if _overrides(o, hook)]
            setattr(self, hook, wanted[0] if len(wanted) == 1 else _all_of(wanted))


def _overrides(observer: Observer, hook: str) -> bool:
    return hook in vars(observer) or getattr(type(observer), hook) is not getattr(Observer, hook)


def _all_of(hooks: Sequence[Any]) -> Any:
    def tell(*args: Any) -> None:
        for hook in hooks:
            hook(*args)

    return tell
