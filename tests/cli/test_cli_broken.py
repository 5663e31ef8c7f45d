"""A user's mistake: its place on stderr, exit code 2, never a traceback."""

import json

import pytest
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.scenario.base import FAMILIES
from p2pkd.scenario.kinds import load_kinds

GOOD = "duration: 10 min\nagents: 6\n"


def known(family):
    load_kinds()
    import p2pkd.scenario.scenario  # noqa: F401  # its families

    return ", ".join(sorted(FAMILIES[family].members))


BROKEN = {
    "unknown key": (GOOD + "sed: 7\n", "3:1  sed: unknown key; did you mean 'seed'?"),
    "nested": (
        GOOD + "method:\n  learn: {objective: response, temprature: 2}\n",
        "4:32  method.learn.temprature: unknown key; did you mean 'temperature'?",
    ),
    "kind": (
        GOOD + "links: {latency: {kind: unifrom}}\n",
        "3:25  links.latency.kind: unknown kind 'unifrom'; did you mean 'uniform'?"
        f" known: {known('latencies')}",
    ),
    "no kind": (
        GOOD + "method: {memory: {max_age: 5 min}}\n",
        f"3:18  method.memory: needs 'keep:', one of {known('memories')}",
    ),
    "missing": (
        "agents: 4\n",
        "1:1  duration: missing; write, for example, 'duration: 30 s'",
    ),
    "type": (
        "duration: 1 min\nagents: three\n",
        "2:9  agents: must be an integer, given 'three'",
    ),
    "bound": ("duration: 1 min\nagents: 0\n", "2:9  agents: must be at least 1, given 0"),
    "unit": (
        "duration: 20\nagents: 4\n",
        "1:11  duration: needs a unit, given 20; write it like '30 s'",
    ),
    "too long": (
        "duration: 1e300 min\nagents: 4\n",
        "1:11  duration: must be at most 365250000 d, given '1e300 min'",
    ),
    "infinite": (
        GOOD + "evaluate: {every: 1e400 s}\n",
        "3:19  evaluate.every: must be at most 365250000 d, given '1e400 s'",
    ),
    "word": (
        GOOD + "data: {reference: {delivery: downlod}}\n",
        "3:30  data.reference.delivery: must be 'preloaded' or 'download', given 'downlod';"
        " did you mean 'download'?",
    ),
    "preset": (
        GOOD + "method: {preset: dmll}\n",
        "3:18  method.preset: unknown preset 'dmll'; did you mean 'dml'?",
    ),
    "profile": (
        GOOD + "topology: ring\ndevices:\n  - {profile: laptpo}\n",
        "5:15  devices.0.profile: no profile 'laptpo'; did you mean 'laptop'?",
    ),
    "parts that do not fit": (
        GOOD + "method: {send: {knowledge: weights}}\n",
        "3:9  method.learn.objective: 'response' learns from soft_labels, logits or hard_labels;"
        " send.knowledge is 'weights'",
    ),
    "labels cannot be softened": (
        GOOD + "method: {send: {codec: {kind: delta, of: {kind: bits, b: 1}}}}\n",
        "3:9  method.learn.temperature: 2, but labels are sent; they cannot be softened, and the"
        " factor T^2 would only make them louder; use 1",
    ),
    "duplicate": (GOOD + "agents: 5\n", "3:1  agents: duplicate key; first given in line 2"),
    "syntax": (
        GOOD + "links: {loss: 1 %\n",
        "4:1  not valid YAML: expected ',' or '}', but got '<stream end>'",
    ),
    "parent": (GOOD + "extends: no.yaml\n", "3:10  extends: no such file: no.yaml"),
    "cycle": (GOOD + "extends: x.yaml\n", "3:10  extends: extends itself: x.yaml -> x.yaml"),
}


def invoke(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", ["validate", "show", "run"])
@pytest.mark.parametrize("name", BROKEN)
def test_place_and_exit_code(name, command, folder):
    text, expected = BROKEN[name]
    if (name, command) == ("profile", "show"):
        pytest.skip("show does not look devices up")
    (folder / "x.yaml").write_text(text)
    result = invoke(command, "x.yaml")
    assert result.stderr.splitlines() == [f"x.yaml:{expected}"]
    assert (result.exit_code, result.stdout) == (2, "")
    assert isinstance(result.exception, SystemExit)
    assert not list(folder.glob("runs/**"))


def test_every_file_is_checked(folder):
    (folder / "a.yaml").write_text(GOOD)
    (folder / "b.yaml").write_text(GOOD + "x: 1\n")
    result = invoke("validate", "b.yaml", "a.yaml", "nope.yaml")
    assert result.stdout == "a.yaml: valid\n"
    assert [line.split("  ")[0] for line in result.stderr.splitlines()] == [
        "b.yaml:3:1",
        "nope.yaml",
    ]
    assert result.exit_code == 2


def test_json_lists_the_problems(folder):
    (folder / "x.yaml").write_text(GOOD + "sed: 1\n")
    result = invoke("validate", "x.yaml", "--json")
    problem = {
        "file": "x.yaml",
        "line": 3,
        "column": 1,
        "key": "sed",
        "message": "unknown key; did you mean 'seed'?",
    }
    assert json.loads(result.stdout) == {
        "valid": False,
        "scenarios": [{"file": "x.yaml", "valid": False, "problems": [problem]}],
    }
    assert result.exit_code == 2


def test_override_on_the_command_line(folder):
    (folder / "x.yaml").write_text(GOOD)
    result = invoke("validate", "x.yaml", "--set", "agents=x")
    assert result.stderr == "--set agents=x  agents: must be an integer, given 'x'\n"
    assert result.exit_code == 2


def test_what_only_the_world_can_tell_is_placed_too(folder):
    (folder / "x.yaml").write_text(GOOD + "topology: {kind: watts_strogatz, k: 6}\n")
    result = invoke("run", "x.yaml")
    assert result.stderr.startswith("x.yaml:3:37  topology.k: 6 must be less than the 6 agents")
    assert result.exit_code == 2


def test_run_directory_in_use(folder):
    (folder / "x.yaml").write_text(GOOD + "topology: ring\n")
    (folder / "used").mkdir()
    (folder / "used" / "thesis.tex").touch()
    result = invoke("run", "x.yaml", "--out", "used", "--dry-run")
    assert "used: is not empty" in result.stderr
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["list", "memoris"], "nothing to list under 'memoris'; did you mean 'memories'?"),
        (["validat", "x.yaml"], "No such command 'validat'"),
        (["run"], "Missing argument 'SCENARIO'"),
        (["run", "x.yaml", "--seed", "-1"], "greater than or equal to 0"),
    ],
)
def test_wrong_command_lines(args, message):
    result = invoke(*args)
    assert message in result.stderr
    assert result.exit_code == 2


def test_deep_validation_builds_the_world(folder):
    small = "topology: ring\ndevices:\n  - {profile: laptop, memory: 40 kB}\n"
    (folder / "x.yaml").write_text(GOOD + small)
    assert invoke("validate", "x.yaml").exit_code == 0
    result = invoke("validate", "x.yaml", "--deep")
    assert result.stderr.startswith("x.yaml:5:5  devices.0: ")
    assert "cannot hold model" in result.stderr
    assert result.exit_code == 2


def test_a_device_that_cannot_hold_the_bare_model_needs_no_deep_look(folder):
    small = "topology: ring\ndevices:\n  - {profile: laptop, memory: 10 kB}\n"
    (folder / "x.yaml").write_text(GOOD + small)
    result = invoke("validate", "x.yaml")
    assert result.stderr.startswith("x.yaml:5:5  devices.0: device 'laptop' (10 kB) cannot hold")
    assert result.exit_code == 2


def test_a_page_that_cannot_be_written_is_told_before_anything_runs(folder):
    (folder / "x.yaml").write_text(GOOD + "topology: ring\n")
    for out, reason in [("no/x.html", "does not exist"), (".", "is a directory")]:
        result = invoke("compare", "x.yaml", "--out", out)
        assert reason in result.stderr
        assert (result.exit_code, list(folder.glob("runs"))) == (2, [])


def test_a_source_that_is_not_there_is_told_before_the_others_run(folder):
    (folder / "x.yaml").write_text(GOOD + "topology: ring\n")
    result = invoke("compare", "x.yaml", "nope")
    assert result.stderr == "nope: neither a run directory nor a scenario file\n"
    assert (result.exit_code, list(folder.glob("runs"))) == (2, [])
