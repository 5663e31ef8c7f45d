"""The results that the docs quote, and how each is made; the list of them is `made.py`."""

from __future__ import annotations

import importlib
import json
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from making.stamps import hash_of, program_key, read_stamps, write_stamp
from p2pkd.analysis.results import Results
from p2pkd.study.executors import executor
from p2pkd.study.load import Study, load_study
from p2pkd.study.start import sweep_of

ROOT = Path(__file__).parent.parent.parent
STUDIES = Path("scenarios/studies")


@dataclass(frozen=True)
class Plan:
    """Where runs and results go, and how.

    *place* is the repository, or a copy of its pages; *runs* holds a folder for each program and
    study; *seeds* is how many of a study's seeds are run, None for all; *program* names the
    program whose runs are used.
    """

    place: Path = ROOT
    runs: Path = ROOT / "runs" / "results"
    jobs: int | None = None
    seeds: int | None = None
    program: str = ""

    @property
    def key(self) -> str:
        """The program whose runs count."""
        return self.program or program_key()


@dataclass(frozen=True)
class Item:
    """One result: *what* it is, the *outputs* it writes (files, or ``page#part``), and the
    processor *minutes* that it takes, as first measured.
    """

    name: str
    what: str
    outputs: tuple[str, ...]
    minutes: float

    @property
    def command(self) -> str:
        """What makes it."""
        return f"make results ONLY={self.name}"

    @property
    def files(self) -> tuple[str, ...]:
        """The files of `outputs`, once each."""
        return tuple(dict.fromkeys(output.partition("#")[0] for output in self.outputs))

    def key(self) -> str:
        """Return a hash of what goes in."""
        raise NotImplementedError

    def make(self, plan: Plan) -> float:
        """Make it and return the processor minutes that its runs took, whenever that was."""
        raise NotImplementedError

    def state(self, plan: Plan) -> str:
        """Tell whether it is up to date, or why not."""
        stamp = read_stamps(plan.place).get(self.name)
        if stamp is None:
            return "not made by this command yet"
        if missing := [file for file in self.files if not (plan.place / file).is_file()]:
            return f"missing: {', '.join(missing)}"
        if stamp["inputs"] != self.key():
            return "scenarios changed"
        return "up to date" if stamp["program"] == plan.key else "program changed"

    def run(self, plan: Plan) -> None:
        """Make it, and stamp it if it is whole."""
        minutes = round(self.make(plan), 1)
        if plan.seeds is None:
            stamp = {"inputs": self.key(), "program": plan.key, "processor_minutes": minutes}
            write_stamp(plan.place, self.name, stamp)


@dataclass(frozen=True)
class FromStudies(Item):
    """Made of the runs of `studies` (names in ``scenarios/studies``) by *write*.

    *write* is ``module:function`` in this folder, called with the place and each study's Results.
    """

    studies: tuple[str, ...] = ()
    write: str = ""

    def key(self) -> str:
        """Return a hash of all resolved scenarios, and of what is searched or tuned."""
        return hash_of([part for study in self._studies() for part in _parts(study)])

    def make(self, plan: Plan) -> float:
        """Run what is not there yet, and write."""
        found = [_results(study, plan) for study in self._studies()]
        module, _, function = self.write.partition(":")
        getattr(importlib.import_module(f"making.{module}"), function)(plan.place, *found)
        return sum(run.manifest["wall_s"] for results in found for run in results) / 60

    def _studies(self) -> Iterable[Study]:
        return (load_study(ROOT / STUDIES / f"{name}.yaml") for name in self.studies)


@dataclass(frozen=True)
class Notebook(Item):
    """A notebook that is committed with its outputs."""

    def key(self) -> str:
        """Return a hash of the code in it."""
        import nbformat

        book = nbformat.read(ROOT / self.files[0], as_version=4)
        return hash_of([f"{i} {cell.source}" for i, cell in enumerate(book.cells)])

    def make(self, plan: Plan) -> float:
        """Execute it from top to bottom."""
        import time

        import nbformat
        from nbclient import NotebookClient

        path, start = plan.place / self.files[0], time.perf_counter()
        book = nbformat.read(ROOT / self.files[0], as_version=4)
        where = {"metadata": {"path": str(ROOT / "notebooks")}}
        NotebookClient(book, timeout=None, kernel_name="python3", resources=where).execute()
        for cell in book.cells:
            cell.metadata.pop("execution", None)  # wall-clock times
        nbformat.write(book, path)
        return (time.perf_counter() - start) / 60


@dataclass(frozen=True)
class FromFiles(Item):
    """Made of committed measurements, `inputs`, by *write*, called with the place alone."""

    inputs: tuple[str, ...] = ()
    write: str = ""

    def key(self) -> str:
        """Return a hash of the measurements."""
        return hash_of([(ROOT / path).read_text(encoding="utf-8") for path in self.inputs])

    def make(self, plan: Plan) -> float:
        """Write."""
        start = time.process_time()
        module, _, function = self.write.partition(":")
        getattr(importlib.import_module(f"making.{module}"), function)(plan.place)
        return (time.process_time() - start) / 60


@dataclass(frozen=True)
class ByHand(Item):
    """Not made here: wall-clock times of one machine, or runs that are refused by now."""

    how: str = ""

    @property
    def command(self) -> str:
        """What makes it."""
        return self.how

    def key(self) -> str:
        """Return nothing: there is no telling."""
        return ""

    def state(self, plan: Plan) -> str:
        """Tell that it is made by hand."""
        return "by hand"


def copy_pages(items: Sequence[Item], place: Path) -> None:
    """Put copies of the pages that *items* write parts of below *place*."""
    for item in items:
        for file in item.files:
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / file).is_file():
                shutil.copy(ROOT / file, place / file)


def _results(study: Study, plan: Plan) -> Results:
    """Return the results of *study*, after running what is not done yet of it."""
    if plan.seeds is not None:
        seeds = list(dict.fromkeys(point.labels["seed"] for point in study.points))[: plan.seeds]
        some = tuple(point for point in study.points if point.labels["seed"] in seeds)
        study = replace(study, points=some)
    sweep = sweep_of(study, plan.runs / plan.key / study.name)
    sweep.run(executor("local", plan.jobs), resume=True)
    if sweep.errors:
        key, error = next(iter(sweep.errors.items()))
        raise SystemExit(f"{sweep.folder / key}: {len(sweep.errors)} runs failed: {error}")
    return Results.from_dir(sweep.folder)


def _parts(study: Study) -> list[str]:
    from ruamel.yaml import YAML

    facts: Any = YAML(typ="safe", pure=True).load(study.text)
    chosen = {key: facts.get(key) for key in ("search", "tune")}
    return [json.dumps(chosen, default=str), *(point.key for point in study.points)]
