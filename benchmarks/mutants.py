"""What `p2pkd verify` and the tests notice: formulas broken one at a time, each in a copy.

    python benchmarks/mutants.py [--processes 2] [--only WORD] [--fresh]

For each mutant of mutants.yaml a copy of the package is changed and held against the laws, at first
with ``--fast`` and then, for the engine and the world, with all repetitions.  A mutant of learning
that the laws let pass is held against the tests that mirror its file, which run the copy too.
Results are kept in runs/mutants.json, so that a campaign goes on where it stopped; docs/mutants.md
is written from them.  Exit status 1 where a mutant survives.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_suffix(".yaml")
RESULTS = ROOT / "runs" / "mutants.json"
PAGE = ROOT / "docs" / "mutants.md"
SURVIVED = "survived"


@dataclass(frozen=True)
class Mutant:
    """A formula that is wrong: *new* in place of *old* in a *file* of the package."""

    part: str
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ()

    def mutated(self, text: str) -> str:
        """Return *text* with the mutant in it; raise ValueError unless it fits exactly once."""
        if (found := text.count(self.old)) != 1:
            raise ValueError(f"{self.name}: {self.old!r} is {found} times in {self.file}, not once")
        return text.replace(self.old, self.new)

    @property
    def key(self) -> str:
        """Tells whether a result is about this very mutant."""
        whole = "\0".join((self.file, self.old, self.new, *self.tests))
        return f"{self.name} {hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def mutants() -> list[Mutant]:
    """Return all mutants, in the order of the list."""
    parts: Mapping[str, Any] = YAML(typ="safe", pure=True).load(LIST.read_text(encoding="utf-8"))
    return [
        Mutant(part, **{**entry, "tests": tuple(entry.get("tests", ()))})
        for part, entries in parts.items()
        for entry in entries
    ]


def judge(mutant: Mutant | None) -> dict[str, Any]:
    """Return who kills *mutant*, and the processor time until then; None: the package as it is."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "p2pkd", copy / "p2pkd", ignore=ignore)
        if mutant is not None:
            file = copy / "p2pkd" / mutant.file
            file.write_text(mutant.mutated(file.read_text(encoding="utf-8")), encoding="utf-8")
        seconds, by = 0.0, SURVIVED
        for stage in _stages(mutant):
            by, spent = stage(copy)
            seconds += spent
            if by != SURVIVED:
                break
    return {"by": by, "seconds": round(seconds, 1)}


def _stages(mutant: Mutant | None) -> Iterator[Any]:
    yield lambda copy: _laws(copy, "--fast")
    if mutant is None:
        return
    if mutant.part == "learning":
        yield lambda copy: _tests(copy, mutant.tests)
    else:
        yield lambda copy: _laws(copy)


def _laws(copy: Path, *options: str) -> tuple[str, float]:
    code, out, spent = _python(copy, "-m", "p2pkd", "verify", "--first", "--json", *options)
    if code == 0:
        return SURVIVED, spent
    try:
        (check,) = [
            check for check in json.loads(out[out.find("{") :])["checks"] if not check["passed"]
        ]
    except (ValueError, KeyError):
        return f"verify stops: {_last(out)}", spent
    full = "" if "--fast" in options else " (all repetitions)"
    return f"law: {check['law']}, {check['case']}{full}", spent


def _tests(copy: Path, tests: Sequence[str]) -> tuple[str, float]:
    files = [str(ROOT / "tests" / test) for test in tests]
    code, out, spent = _python(copy, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files)
    if code == 0:
        return SURVIVED, spent
    failed = re.search(r"^(?:FAILED|ERROR) \S*?tests/(\S+)", out, re.MULTILINE)
    return f"test: {failed[1] if failed else _last(out)}", spent


def _python(copy: Path, *arguments: str) -> tuple[int, str, float]:
    """Run Python on the *copy*; return the exit status, what was printed, and processor time."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=copy, env=environment, stdout=out, stderr=out
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return process.returncode, out.read(), usage.ru_utime + usage.ru_stime


def _last(out: str) -> str:
    lines = [line for line in out.splitlines() if line.strip()]
    return lines[-1][:120] if lines else "without a word"


def page(done: Sequence[tuple[Mutant, Mapping[str, Any]]]) -> str:
    """Return docs/mutants.md."""
    lines = [
        "# Formulas broken on purpose",
        "",
        "Each line is a formula of the package that was made wrong in a copy, and the first law"
        " of `p2pkd verify --fast`, or the first test, that noticed. What is in the engine or the"
        " world must be noticed by the laws alone; of learning the laws hold little, so what"
        " passes them is held against the tests beside its file. `python benchmarks/mutants.py`"
        " writes this page; `tests/verify/test_mutants.py` sees to it that every mutant still fits"
        " the code. Seconds are processor time until it was noticed.",
    ]
    for part in dict.fromkeys(mutant.part for mutant, _ in done):
        own = [(mutant, result) for mutant, result in done if mutant.part == part]
        dead = [result["by"] for _, result in own if result["by"] != SURVIVED]
        laws = sum(not by.startswith("test:") for by in dead)
        lines += [
            "",
            f"## {part.capitalize()}: {len(dead)} of {len(own)} noticed, {laws} by laws",
            "",
            "| mutant | file | noticed by | s |",
            "|---|---|---|--:|",
        ]
        lines += [
            f"| {m.name} | `{m.file}` | {r['by'].replace('|', '/')} | {r['seconds']:.0f} |"
            for m, r in own
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="mutants whose name or file has this word")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    options = parser.parse_args()
    known: dict[str, Any] = {}
    if RESULTS.exists() and not options.fresh:
        known = json.loads(RESULTS.read_text(encoding="utf-8"))
    RESULTS.parent.mkdir(exist_ok=True)
    every = mutants()
    chosen = [m for m in every if options.only in m.name or options.only in m.file]
    open_ = [m for m in chosen if m.key not in known]
    if open_ and (sound := judge(None))["by"] != SURVIVED:
        print(f"the package itself fails: {sound['by']}")
        return 1
    with ThreadPoolExecutor(options.processes) as pool:
        for mutant, result in zip(open_, pool.map(judge, open_), strict=True):
            known[mutant.key] = result
            RESULTS.write_text(json.dumps(known, indent=1), encoding="utf-8")
            print(
                f"{mutant.part}: {mutant.name}: {result['by']}, {result['seconds']} s", flush=True
            )
    done = [(m, known[m.key]) for m in every if m.key in known]
    if len(done) == len(every):
        PAGE.write_text(page(done), encoding="utf-8")
    alive = [m.name for m in chosen if known[m.key]["by"] == SURVIVED]
    print(f"{len(chosen) - len(alive)} of {len(chosen)} noticed", *alive, sep="\n  survives: ")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
