"""`p2pkd sweep`: a study in, a folder of runs and one table out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from p2pkd.cli.app import FAILED, app, example
from p2pkd.cli.streams import echo

if TYPE_CHECKING:
    import pandas as pd

    from p2pkd.study.plan import Plan
    from p2pkd.study.sweep import Sweep

SAMPLES = 4


@app.command(
    epilog=example(
        "p2pkd sweep scenarios/studies/topology.yaml --dry-run",
        "p2pkd sweep scenarios/studies/topology.yaml --jobs 2",
        "p2pkd sweep scenarios/studies/topology.yaml --status",
    )
)
def sweep(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="A study file.")],
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Workers; default: one a core.")
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar="local|ray", help="Processes here, or a Ray cluster.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="Of the Ray cluster; default: $RAY_ADDRESS, else one is started here."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where it was stopped.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Tell how far it is, and end.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Default: runs/<study's name>/.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="The plan, its price, what differs between settings; end."),
    ] = False,
) -> None:
    """Run every scenario of a study, or those that its search chooses; write a row a run.

    Each run has a directory named by the hash of its scenario.  A run that fails is a row with
    its error, the others go on, and the exit code is 1.  After Ctrl-C or a kill, --resume does
    what is left.
    """
    from p2pkd.study.load import load_study
    from p2pkd.study.start import sweep_of

    it = sweep_of(load_study(study), out)
    for text in it.study.spec.remarks:
        echo(f"{study}: {text}", err=True)
    if status:
        _print_status(it)
    elif dry_run:
        _print_plan(it, jobs, SAMPLES)
        _print_differences(it)
    else:
        _run(it, engine, jobs, address, resume)


def _run(it: Sweep, engine: str, jobs: int | None, address: str | None, resume: bool) -> None:
    from p2pkd.cli.execute import shown
    from p2pkd.cli.sweep_progress import SweepProgress
    from p2pkd.core.errors import Interrupted
    from p2pkd.study.executors import executor
    from p2pkd.study.plan import plan_of

    chosen = executor(engine, jobs, address)
    plan = plan_of(it)
    echo(f"{it.study.name}: {_work(plan)}", err=True)
    if resume:
        for fault in it.faults(thorough=True).values():
            echo(f"does not count, and runs again: {fault}", err=True)
    try:
        with SweepProgress(it.folder, total=plan.runs, done=plan.runs - plan.left) as progress:
            table = it.run(chosen, resume=resume, told=progress.told)
    except KeyboardInterrupt:
        done = len(it.complete())
        text = f"stopped; {done} of {plan.runs} runs are complete in {shown(it.folder)}"
        raise Interrupted(f"{text}; go on with --resume") from None
    failed = table[~table["status"].isin(["done", "pruned"])]
    _print_runs(it, table)
    _print_tuning(it)
    echo(f"{'Table':<9}  {shown(it.folder / 'table.parquet')} (and .csv)")
    for _, row in failed.drop_duplicates(["run", "error"]).iterrows():
        labels = ", ".join(f"{key}={row[key]}" for key in it.study.columns)
        echo(f"failed: {labels}: {row['error']}", err=True, fg="red")
    _print_troubles(it, table)
    _print_unequal(it)
    if len(failed):
        raise typer.Exit(FAILED)


def _print_troubles(it: Sweep, table: pd.DataFrame) -> None:
    """Tell on stderr in which runs models diverged or died."""
    from p2pkd.analysis.measures.troubles import in_short

    for row in table.drop_duplicates("run").to_dict("records"):
        trouble = in_short(row)  # type: ignore[arg-type]
        if trouble:
            labels = ", ".join(f"{key}={row[key]}" for key in it.study.columns)
            echo(f"{labels}: {trouble}", err=True, fg="red")


def _print_runs(it: Sweep, table: pd.DataFrame) -> None:
    """Print how many runs are done, and of a search the best trial."""
    from p2pkd.analysis.measures.trials import trial_table
    from p2pkd.study.measures import best_trial
    from p2pkd.study.search_sweep import SearchSweep

    states = table.drop_duplicates("run")["status"].value_counts()
    done, runs = states.get("done", 0), it.size.runs
    if not isinstance(it, SearchSweep):
        done = done if it.study.tuning is None else len(it.complete())
        echo(f"{'Runs':<9}  {done} of {runs} done")
        return
    given_up = f", {states['pruned']} given up" if "pruned" in states else ""
    echo(f"{'Runs':<9}  {done} of {runs} done{given_up}")
    best = best_trial(trial_table(table), it.search.spec.objective)
    if best is not None:
        labels = ", ".join(f"{key}={best[key]}" for key in it.study.columns[:-1])
        goal = it.search.spec.objective.tag_value
        echo(f"{'Best':<9}  {labels}: {goal} {best['objective']:.6g}")


def _print_tuning(it: Sweep) -> None:
    """Print what each setting was tuned to, and on stderr what is doubtful about that."""
    from p2pkd.analysis.measures.tuning import tuning_notes

    for text in tuning_notes(it.folder) if it.study.tuning is not None else ():
        doubtful = text.startswith(("WARNING", "In tuning"))
        echo(text, err=doubtful, fg="red" if doubtful else None)


def _print_plan(it: Sweep, jobs: int | None, samples: int) -> None:
    from p2pkd.analysis.io.readable import joules, seconds, size
    from p2pkd.study.plan import plan_of

    jobs = jobs or os.cpu_count() or 1
    plan = plan_of(it, samples)
    rows = [("Runs", _work(plan)), ("Simulated time", seconds(plan.simulated_s))]
    if plan.estimate is not None:
        each, n = plan.estimate, plan.left
        wall = f"about {seconds(plan.wall_s(jobs))} with {jobs} workers"
        rows += [
            ("Wall time", wall),
            ("On the wire", f"about {size(each.wire_bytes * n)}, {size(each.wire_bytes)} a run"),
            ("Energy", f"about {joules(each.energy_j * n)}, {joules(each.energy_j)} a run"),
            ("Gradient steps", f"about {each.gradient_steps * n:,.0f}"),
            ("Estimated from", f"{each.runs} runs without learning"),
        ]
    if it.study.tuning is not None:
        rows.insert(1, ("Tuning", _budget(it)))
    for name, value in rows:
        echo(f"{name:<15}  {value}")


def _budget(it: Sweep) -> str:
    """Return ``each setting 3 trials on 2 seeds, then 5 seeds with the best``."""
    tuning = it.study.tuning
    assert tuning is not None
    tuned = f"{tuning.trials} trials on {tuning.repetitions} seeds"
    keys = ", ".join(key.removeprefix("method.") for key in tuning.keys)
    return f"each setting {tuned} ({keys}), then {max(len(tuning.seeds), 1)} with the best"


def _print_differences(it: Sweep) -> None:
    from p2pkd.cli.differences import print_differences
    from p2pkd.study.differences import differences

    tuning = it.study.tuning
    print_differences(differences(it.study.points if tuning is None else tuning.samples()))
    if tuning is not None:
        _print_tuning(it)
    _print_unequal(it)


def _print_unequal(it: Sweep) -> None:
    """Tell on stderr what work differs between settings that nothing was tuned for."""
    from p2pkd.study.differences import unequal_work

    text = unequal_work(it.study.points)
    if text is not None:
        echo(f"WARNING: {text}.", err=True, fg="red")


def _work(plan: Plan) -> str:
    what = "trials" if plan.searched else "settings"
    most = "at most " if plan.searched else ""
    runs = f"{most}{plan.runs} runs ({plan.settings} {what}, {plan.seeds} seeds)"
    return runs if plan.left == plan.runs else f"{runs}, {plan.left} still to do"


def _print_status(it: Sweep) -> None:
    from p2pkd.cli.execute import shown
    from p2pkd.study.task import beats

    done, going = it.complete(), beats(it.folder)
    left = [key for key in it.keys if key not in done and key not in it.errors]
    failed = len([key for key in it.errors if key not in done])
    echo(f"{'Folder':<9}  {shown(it.folder)}")
    echo(f"{'Done':<9}  {len(done)} of {it.size.runs}")
    echo(f"{'Failed':<9}  {failed}")
    echo(f"{'Left':<9}  {it.size.runs - len(done) - failed}")
    if it.study.search is not None and done:
        _print_runs(it, it.table())
    for fault in it.faults().values():
        echo(f"does not count: {fault}", err=True)
    _print_tuning(it)
    for key in left:
        if key in going:
            echo(f"{'Running':<9}  {key}  {100 * going[key]:.0f} %")
