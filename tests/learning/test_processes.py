"""Learning in a process of its own: the same numbers, and no end that leaves anything hanging."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from toys import Memo, make_learner, make_recipe

from p2pkd.core.errors import InputError, Interrupted, RunError
from p2pkd.core.records import Observer
from p2pkd.learning.backends.remote import RemoteLearner
from p2pkd.learning.backends.server import Server
from p2pkd.learning.compute.processes import processes
from p2pkd.run import simulate
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.scenario.models import LinearSpec, MlpSpec

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes go on as two on Linux")

ROWS = np.arange(24)
SCENARIO: dict[str, Any] = {
    "duration": "10 min",
    "agents": 12,
    "data": {"dataset": {"kind": "synthetic", "rows": 900}, "reference": {"rows": 100}},
    "method": {"preset": "dml"},
    "evaluate": {"every": "1 min"},
    "execution": {"processes": 2, "threads": 2},
}


def apart(**recipe: Any) -> RemoteLearner:
    return RemoteLearner(lambda: make_learner(**recipe), make_recipe(**recipe))


def gone(pid: int, within_s: float = 20.0) -> bool:
    """Whether the process *pid* ends (a zombie has) in *within_s*."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def use(learner: Any) -> tuple[Any, Any, Any]:
    """Let a few agents learn from each other, and return all that can be looked at."""
    versions = [learner.initial(i) for i in range(7)]
    rows = np.arange(10)
    for turn in range(5):
        for i in range(7):
            said = Memo(learner.predict(versions[(i + 1) % 7], (rows + turn) % 24))
            versions[i] = learner.train(learner.distill(versions[i], [said], 2), 1)
        versions[turn] = learner.merge(versions[turn], [(v, 1 / 7) for v in versions])
    payload = learner.predict(learner.weights(versions[0]), rows)
    return learner.evaluate(versions), learner.parameters(versions[3]), learner.resolve(payload)


def test_the_same_bits_and_the_same_answers() -> None:
    (seen, parameters, payload), (seen2, parameters2, payload2) = use(apart()), use(make_learner())
    assert np.array_equal(parameters, parameters2)
    assert np.array_equal(payload, payload2)
    assert np.array_equal(seen.loss, seen2.loss)
    assert np.array_equal(seen.labels, seen2.labels)
    assert seen.disagreement == seen2.disagreement


def test_without_steps_or_lessons_nothing_is_said() -> None:
    learner = apart()
    version = learner.initial(0)
    assert learner.train(version, 0) is version
    assert learner.distill(version, [], 3) is version
    assert learner.weights(version) is version


def test_what_nobody_holds_here_is_let_go_there() -> None:
    """Of a chain of versions the last remains, and what an interruption left unsaid is ignored."""
    said: list[Any] = []
    here = RemoteLearner.__new__(RemoteLearner)
    here._numbers, here._extend, here._append = itertools.count(1), said.extend, said.append
    version = here.initial(0)
    for _ in range(100):
        version = here.train(version, 1)
    there = Server(make_learner(), None, SimpleNamespace(value=0))
    there.follow_all([*said, ~9999])
    assert list(there.values) == [version.number] == [101]
    assert there.values[101].updates == 100


def test_it_ends_with_its_learner() -> None:
    learner = apart()
    pid = learner.process.pid
    use(learner)
    del learner
    assert gone(pid)


def orphans(learners: str) -> list[int]:
    """Let a process make *learners*, kill it, and return the processes that these have."""
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from test_processes import apart, use\n"
        f"learners = {learners}\n"
        "print(*[each.process.pid for each in learners], flush=True); time.sleep(600)"
    )
    folder = Path(__file__).parent
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = parent.stdout.readline().split()
        parent.kill()
    return [int(pid) for pid in pids]


def test_it_ends_when_the_other_process_is_killed() -> None:
    (pid,) = orphans("[apart()]; use(learners[0])")
    assert gone(pid)


def test_processes_that_were_forked_together_end_with_the_other() -> None:
    """None keeps open the line of another."""
    pids = orphans("list(ThreadPoolExecutor(4).map(lambda _: apart(), range(4)))")
    assert len(pids) == 4
    assert all(gone(pid) for pid in pids)


def speak_on(learner: RemoteLearner, version: Any, kill_after: int) -> None:
    """Say more than may be under way, and let the other process die in between."""
    said = []
    for i in range(200_000):
        said.append(learner.predict(version, ROWS))
        if i == kill_after:
            os.kill(learner.process.pid, signal.SIGKILL)


# More than the line holds, that is in the middle of a message; and less than may be under way.
@pytest.mark.parametrize("kill_after", [0, 40_000])
def test_its_death_is_an_error_and_no_wait(kill_after: int) -> None:
    learner = apart()
    version = learner.initial(0)
    os.kill(learner.process.pid, signal.SIGSTOP)
    with pytest.raises(RunError, match=r"has ended \(killed, for lack of memory perhaps\)"):
        speak_on(learner, version, kill_after)
    with pytest.raises(RunError, match="has ended"):
        learner.evaluate([version])


def test_what_cannot_be_said_is_an_error() -> None:
    learner = apart()
    learner.predict(learner.initial(0), lambda: 0)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="pickle"):
        learner.evaluate([])


def test_what_is_wrong_there_is_raised_here() -> None:
    specs = (MlpSpec(hidden=(8,)), LinearSpec())
    learner = RemoteLearner(lambda: make_learner(specs), make_recipe())
    mixed = learner.merge(learner.initial(0), [(learner.initial(1), 1.0)])
    with pytest.raises(ValueError, match="merge: parts must have the architecture") as caught:
        learner.parameters(mixed)
    assert "in the process that learns" in caught.value.__notes__[0]


def test_what_is_wrong_with_the_input_is_raised_at_once() -> None:
    def make() -> Any:
        raise InputError("learn.batch: no")

    with pytest.raises(InputError, match=r"learn\.batch: no"):
        RemoteLearner(make, make_recipe())


def test_threads_that_pytorch_had_before_are_not_missed() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.bmm(torch.randn(500, 64, 64), torch.randn(500, 64, 64))

    def make() -> Any:
        from p2pkd.learning.compute.settings import Settings

        torch.set_num_threads(2)
        torch.bmm(torch.randn(500, 64, 64), torch.randn(500, 64, 64))
        return make_learner(settings=Settings(threads=2))

    learner = RemoteLearner(make, make_recipe())
    torch.set_num_threads(before)
    assert learner.evaluate([learner.initial(0)]).accuracy.shape == (1,)


def test_it_ends_with_its_run(tmp_path: Path) -> None:
    before = set(multiprocessing.active_children())
    simulate(SCENARIO, out=tmp_path / "run")
    assert set(multiprocessing.active_children()) <= before


class Stop(Observer):
    """Presses Ctrl-C after a number of messages."""

    def __init__(self, after: int) -> None:
        self.left = after

    def message(self, record: Any) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [1, 37, 150])
def test_an_interrupted_run_keeps_its_last_look(tmp_path: Path, after: int) -> None:
    with pytest.raises(Interrupted):
        simulate(SCENARIO, out=tmp_path / "run", observers=[Stop(after)])
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["status"] == "interrupted"
    assert manifest["summary"]["final_accuracy_mean"] > 0.1


def test_ctrl_c_reaches_both_processes_and_ends_both(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(json.dumps({**SCENARIO, "duration": "10000 h"}))
    command = [sys.executable, "-m", "p2pkd", "run", "long.yaml", "--out", "run"]
    with subprocess.Popen(
        command, cwd=tmp_path, start_new_session=True, preexec_fn=listen_to_ctrl_c
    ) as run:
        try:
            children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
            wait_for(lambda: children.read_text().strip() != "")
            child = int(children.read_text().split()[0])
            time.sleep(2)
            os.killpg(run.pid, signal.SIGINT)
            assert run.wait(60) == 130
        finally:
            run.kill()
    assert gone(child)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["status"] == "interrupted"


def listen_to_ctrl_c() -> None:
    """Undo what a shell does to what it runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(what: Callable[[], bool], within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("execution", "duration", "expected"),
    [
        ({"threads": 2}, "10 h", 2),
        ({"threads": 1}, "10 h", 1),
        ({"threads": 2}, "10 min", 1),
        ({"threads": 2, "device": "cuda"}, "10 h", 1),
        ({"threads": 2, "processes": 1}, "10 h", 1),
        ({"threads": 1, "processes": 2}, "10 min", 2),
    ],
)
def test_a_second_process_is_for_runs_that_repay_it(
    execution: dict[str, Any], duration: str, expected: int
) -> None:
    scenario = scenario_from_dict({**SCENARIO, "execution": execution, "duration": duration})
    assert processes(scenario) == expected


@pytest.mark.parametrize("wrong", [True, 2.0, 0, 3, "two"])
def test_other_numbers_of_processes_are_refused(wrong: Any) -> None:
    with pytest.raises(InputError, match=r"execution\.processes"):
        scenario_from_dict({**SCENARIO, "execution": {"processes": wrong}})


def test_no_second_process_where_the_timeline_looks_at_learning() -> None:
    looking = {"preset": "similar-peers"}
    raw = {**SCENARIO, "method": looking, "duration": "10 h"}
    assert processes(scenario_from_dict({**raw, "execution": {"threads": 2}})) == 1
    with pytest.raises(InputError, match="processes: 2, but the timeline depends on what is lear"):
        scenario_from_dict(raw)
