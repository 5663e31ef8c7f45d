"""Kills and full disks: nothing incomplete is counted as complete.

    python benchmarks/kills.py            # 20 kills of runs, 20 of sweeps, 20 sizes of disks
    python benchmarks/kills.py --each 3   # fewer

Runs and sweeps get SIGKILL at moments spread over their whole length, the start and the end
included.  Whatever then lies under a run's name must be a whole run with the fingerprint of one
that nobody killed, a rerun must not be blocked, and a sweep that goes on must end in the table of
one that was left alone.  Disks are small tmpfs mounts where this process may mount, files of
limited size elsewhere (`RLIMIT_FSIZE`); of a run on them, only one that is whole may say "done",
and there must be a line that says why not, and no traceback.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from p2pkd.analysis.result import Result
from p2pkd.core.errors import ResultError
from p2pkd.core.seal import check_all, read_manifest
from p2pkd.run import simulate

P2PKD = (sys.executable, "-m", "p2pkd")
ENV = {**os.environ, "OMP_NUM_THREADS": "1"}
SCENARIO = """\
name: killed
duration: 20 min
agents: 8
topology: ring
devices: [{profile: laptop, model: {kind: mlp, hidden: [8]}}]
data: {dataset: {kind: synthetic, rows: 600}, reference: {rows: 64}}
method:
  gossip: {every: 5 s}
  learn: {objective: response, local_steps: 1, distill_steps: 1, batch: 8}
evaluate: {every: 1 min}
"""
STUDY = "name: killed\nbase: killed.yaml\nmatrix: {agents: [4, 5]}\nseeds: 0..1\n"
# From a disk that takes nothing to one that takes all.
SIZES = [int(4_000 * 1.38**n) for n in range(20)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--each", type=int, default=20, help="kills of runs, of sweeps; disks")
    each = parser.parse_args().each
    with tempfile.TemporaryDirectory() as place:
        folder = prepared(Path(place))
        for what, campaign in (("runs", runs), ("sweeps", sweeps), ("disks", disks)):
            counts = Counter(campaign(folder / what, each))
            told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
            print(f"{what:<7} {sum(counts.values())}: {told}", flush=True)


def prepared(folder: Path) -> Path:
    """Write scenario and study into *folder*; return it."""
    (folder / "killed.yaml").write_text(SCENARIO)
    (folder / "study.yaml").write_text(STUDY)
    return folder


def runs(folder: Path, n: int) -> Iterator[str]:
    """Kill *n* runs; yield what each left."""
    folder.mkdir()
    command = [*P2PKD, "run", str(folder.parent / "killed.yaml"), "--no-report", "--out"]
    length_s = lasting([*command, str(folder / "reference")])
    fingerprint = Result.from_dir(folder / "reference").summary["fingerprint"]
    for number, after_s in enumerate(moments(length_s, n)):
        out = folder / str(number)
        killed([*command, str(out)], after_s)
        yield left_by(out, fingerprint)
        if not out.exists():
            # What a killed run leaves is in nobody's way.
            lasting([*command, str(out), "--dry-run"])
            assert Result.from_dir(out).status == "done"


def sweeps(folder: Path, n: int) -> Iterator[str]:
    """Kill a sweep *n* times, at later and later moments, and let it go on; yield what is left."""
    command = [*P2PKD, "sweep", str(folder.parent / "study.yaml"), "--jobs", "2", "--out"]
    length_s = lasting([*command, str(folder / "reference")])
    reference = table(folder / "reference")
    fingerprints = dict(zip(reference["run"], reference["fingerprint"], strict=True))
    out = folder / "fresh-0"
    for number, after_s in enumerate(moments(length_s, n)):
        killed([*command, str(out), "--resume"], after_s)
        left = {left_by(out / key, fingerprints[key]) for key in fingerprints}
        yield "all complete" if left == {"complete"} else "some incomplete"
        if left == {"complete"} or number == n - 1:
            lasting([*command, str(out), "--resume"])
            pd.testing.assert_frame_equal(table(out), reference)
            out = folder / f"fresh-{number + 1}"


def disks(folder: Path, n: int) -> Iterator[str]:
    """Run on *n* disks of different sizes; yield what came of it."""
    folder.mkdir()
    scenario = str(folder.parent / "killed.yaml")
    fingerprint = simulate(scenario, dry_run=True, out=folder / "r").summary["fingerprint"]
    step = len(SIZES) / n
    for size in (SIZES[int(i * step)] for i in range(n)):
        place = folder / str(size)
        place.mkdir()
        with small(place, size) as limit:
            out = place / "run"
            command = [*P2PKD, "run", scenario, "--dry-run", "--no-report", "--out", str(out)]
            done = subprocess.run(
                command, env=ENV, capture_output=True, text=True, check=False, preexec_fn=limit
            )
            assert "Traceback" not in done.stderr, done.stderr
            assert done.returncode == 0 or done.stderr.strip().splitlines()[-1], size
            left = left_by(out, fingerprint)
            assert (left == "complete") == (done.returncode == 0), (size, left, done.stderr)
            yield left


def left_by(out: Path, fingerprint: str) -> str:
    """Return what is under a run's name: ``nothing``, or a ``complete`` or ``failed`` run."""
    if not out.exists():
        return "nothing"
    try:
        manifest = read_manifest(out)
    except ResultError:
        return "refused"
    if manifest["status"] != "done":
        return str(manifest["status"])
    check_all(out, manifest)
    assert manifest["summary"]["fingerprint"] == fingerprint, f"{out}: is not what it should be"
    return "complete"


def moments(length_s: float, n: int) -> Iterator[float]:
    """Yield *n* times over a run's length, and a little more."""
    yield from (1.05 * length_s * (i + 0.5) / n for i in range(n))


def lasting(command: list[str]) -> float:
    """Run *command* to its end; return how long that took, in seconds."""
    started = time.monotonic()
    subprocess.run(command, env=ENV, check=True, capture_output=True)
    return time.monotonic() - started


def killed(command: list[str], after_s: float) -> None:
    """Start *command*, and kill it with all that it has started."""
    process = subprocess.Popen(
        command, env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # Workers leave by themselves when nobody is there to hear of them.
    for _ in itertools.takewhile(lambda _: alive(process.pid), range(200)):
        time.sleep(0.05)


def alive(session: int) -> bool:
    """Tell whether a process of *session* lives."""
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def table(folder: Path) -> pd.DataFrame:
    """Return a sweep's table without what names the program."""
    return pd.read_parquet(folder / "table.parquet").drop(columns=["git_commit"])


@contextmanager
def small(place: Path, size: int) -> Iterator[Callable[[], None] | None]:
    """Make *place* a disk of *size* bytes; or yield what limits a process's files to that."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)]
    if not may_mount() or subprocess.run(command, capture_output=True, check=False).returncode:
        yield lambda: limit_files(size)
        return
    try:
        yield None
    finally:
        subprocess.run(["umount", str(place)], check=True)


def may_mount() -> bool:
    """Tell whether it is worth trying to mount."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


def limit_files(size: int) -> None:
    """Let no file of this process grow beyond *size* bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


if __name__ == "__main__":
    main()
