"""Many runs as one frame: what was varied, and what came out."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pandas as pd

from p2pkd.analysis.io.run_data import RunData
from p2pkd.analysis.io.tables import csv_text, read_table
from p2pkd.core.errors import Problem, ResultError
from p2pkd.core.files import write_text

MANIFEST = "manifest.json"
BEFORE_RUN = "run"
TUNING = "tuning"
# Keys that name a run rather than shape it.
NAMES = {"name", "description", "seed"}


class RunSet:
    """Finished runs, and `frame`: a row a run.

    Its columns: what was varied (the swept keys of a study, or the scenario keys in which the runs
    differ), ``seed``, ``name``, ``path``, then the summary's numbers, then ``version`` and
    ``git_commit`` of the program.
    """

    @staticmethod
    def opened(path: Path) -> RunData:
        """Return the run in the directory *path*, as this set holds runs."""
        return RunData.from_dir(path)

    def __init__(self, runs: Sequence[RunData], labels: Sequence[Mapping[str, Any]]) -> None:
        self.runs = tuple(runs)
        self.labels = tuple(dict(each) for each in labels)

    @classmethod
    def from_dir(cls, pattern: str | Path) -> Self:
        """Open every complete run in a folder, or in all that a pattern such as ``runs/**`` finds.

        Interrupted, failed and dry runs are left out.  Raise ResultError if nothing is left.
        """
        runs = [run for run in map(cls.opened, _run_directories(str(pattern))) if _whole(run)]
        if not runs:
            raise ResultError(f"{pattern}: no complete runs; give a folder such as runs/quickstart")
        folders = dict.fromkeys(run.path.parent for run in runs)
        tables = {folder: study_labels(folder) for folder in folders}
        # What a study's table does not know is of an older form of the study.
        runs = [run for run in runs if _is_listed(run, tables[run.path.parent])]
        # A study's runs come in the order of its table, not in that of their hashes.
        place = {folder / key: n for folder in folders for n, key in enumerate(tables[folder])}
        runs.sort(key=lambda run: (str(run.path.parent), place.get(run.path, 0)))
        labels = [tables[run.path.parent].get(run.path.name) for run in runs]
        if any(label is None for label in labels):
            return cls(runs, differences_between(runs))
        return cls(runs, [label for label in labels if label is not None])

    @classmethod
    def open(cls, paths: Sequence[str | Path]) -> Self:
        """Open a study's folder, as `from_dir` does, or several folders and runs as one set."""
        if len(paths) == 1:
            return cls.from_dir(paths[0])
        runs = [run for path in paths for run in cls.from_dir(path)]
        return cls(runs, differences_between(runs))

    @property
    def varied(self) -> list[str]:
        """The columns of `frame` that tell what was varied, without the seed."""
        return list(dict.fromkeys(key for label in self.labels for key in label if key != "seed"))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row a run."""
        rows = [
            {**label, "seed": run.seed, "name": run.name, "path": str(run.path), **run.summary}
            | _program(run)
            for run, label in zip(self.runs, self.labels, strict=True)
        ]
        return pd.DataFrame(rows)

    def measure(self, **measures: Callable[[Any], float]) -> Self:
        """Return these results with a column more for each of *measures*, computed run by run."""
        return self.assign(
            **{name: [of(run) for run in self.runs] for name, of in measures.items()}
        )

    def assign(self, **columns: Sequence[Any]) -> Self:
        """Return these results with more columns, a value a run."""
        more = type(self)(self.runs, self.labels)
        more.__dict__["frame"] = self.frame.assign(**columns)
        return more

    def where(self, **wanted: Any) -> Self:
        """Return the runs with these values; dotted keys as ``where(**{"a.b": 1})``."""
        return self.keep([all(row[k] == v for k, v in wanted.items()) for row in self._rows()])

    def keep(self, wanted: Iterable[bool]) -> Self:
        """Return the runs that are *wanted*, told for each in order."""
        keep = [i for i, yes in enumerate(wanted) if yes]
        some = type(self)([self.runs[i] for i in keep], [self.labels[i] for i in keep])
        some.__dict__["frame"] = self.frame.iloc[keep].reset_index(drop=True)
        return some

    def to_csv(self, path: str | Path) -> None:
        """Write `frame` as CSV."""
        write_text(Path(path), csv_text(self.frame, index=False))

    def _rows(self) -> Iterator[dict[str, Any]]:
        yield from self.frame.to_dict("records")  # type: ignore[misc]

    def _require(self, *columns: str) -> None:
        from p2pkd.core.errors import suggestion

        for column in columns:
            if column not in self.frame:
                known = [str(name) for name in self.frame.columns]
                raise ResultError(f"no column {column!r}{suggestion(column, known)}")

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[RunData]:
        return iter(self.runs)

    def __repr__(self) -> str:
        varied = ", ".join(self.varied) or "nothing"
        return f"{type(self).__name__}({len(self)} runs; varied: {varied})"


def _run_directories(pattern: str) -> list[Path]:
    if Path(pattern).is_dir():
        pattern = f"{glob.escape(pattern)}/**"
    found = {
        path if path.is_dir() else path.parent
        for path in map(Path, glob.glob(pattern, recursive=True))
    }
    # What a study was tuned on is no result, unless it is asked for by name.
    found = {path for path in found if path.parent.name != TUNING or TUNING in pattern}
    return sorted(path for path in found if (path / MANIFEST).is_file())


def _program(run: RunData) -> dict[str, Any]:
    versions = run.manifest.get("versions", {})
    return {"version": versions.get("p2pkd"), "git_commit": run.manifest.get("git_commit")}


def _whole(run: RunData) -> bool:
    return run.status == "done" and not run.manifest.get("dry_run")


def _is_listed(run: RunData, table: Mapping[str, Any]) -> bool:
    return not table or run.path.name in table


def study_labels(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the swept keys of each run in a sweep's folder, by directory; empty elsewhere."""
    path = folder / "table.parquet"
    if not path.is_file():
        return {}
    table = read_table(path)
    if BEFORE_RUN not in table:
        raise ResultError(f"{path}: is no sweep's table: it has no column {BEFORE_RUN!r}")
    keys = list(table.columns[: table.columns.get_loc(BEFORE_RUN)])
    return {row["run"]: {key: row[key] for key in keys} for _, row in table.iterrows()}


def differences_between(runs: Sequence[RunData]) -> list[dict[str, Any]]:
    """Return the scenario keys in which the runs differ, with each run's values."""
    flat = [dict(_flat(resolved(run))) for run in runs]
    keys = list(dict.fromkeys(key for each in flat for key in each))
    varied = [
        key for key in keys if key not in NAMES and len({repr(each.get(key)) for each in flat}) > 1
    ]
    return [{key: each.get(key) for key in varied} for each in flat]


def resolved(run: RunData) -> dict[str, Any]:
    """Return the contents of the resolved scenario of *run*; raise ResultError if it is none."""
    from p2pkd.scenario.yaml import parse

    problems: list[Problem] = []
    found = parse(run.resolved_text, str(run.path / "resolved.yaml"), problems).plain()
    if problems or not isinstance(found, dict):
        raise ResultError(f"{run.path / 'resolved.yaml'}: is no scenario")
    return found


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and the value of each leaf."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        full = f"{path}.{key}" if path else str(key)
        if isinstance(inner, dict | list) and inner:
            yield from _flat(inner, full)
        else:
            yield full, inner
