"""What the commands print, and how errors become exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.cli.app import Commands
from p2pkd.cli.catalogue import sections
from p2pkd.core.errors import DataError, InputError, Interrupted, RunError
from p2pkd.scenario.base import FAMILIES
from p2pkd.scenario.load import load_scenario
from p2pkd.scenario.schema import schema_text
from p2pkd.world.catalogue import profiles

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)
SLOW = {"torch", "pandas", "networkx", "sklearn", "matplotlib", "pyarrow", "simpy", "scipy"}


def invoke(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_validate():
    names = [f"scenarios/{name}.yaml" for name in ("quickstart", "ring", "isolated")]
    result = invoke("validate", *(ROOT / name for name in names))
    assert result.stdout == "".join(f"{ROOT / name}: valid\n" for name in names)
    assert (result.exit_code, result.stderr) == (0, "")


def test_show_prints_a_file_that_loads_to_the_same_scenario(tmp_path):
    source = ROOT / "scenarios" / "ring.yaml"
    result = invoke("show", source, "--set", "agents=12", "--seed", "5")
    (tmp_path / "x.yaml").write_text(result.stdout)
    shown = load_scenario(tmp_path / "x.yaml").scenario
    assert shown == load_scenario(source, ["agents=12"], seed=5).scenario


def test_list_has_every_family_profile_and_preset():
    text = invoke("list").stdout
    for name, family in FAMILIES.items():
        assert f"\n{name}\n" in "\n" + text
        assert all(member in text and family.members[member].summary() for member in family.members)
    assert all(name in text for name in [*profiles(), "d-psgd", "gossip-learning"])


@pytest.mark.parametrize("kind", ["objectives", "devices", "presets", "laws"])
def test_list_of_one_kind(kind):
    assert invoke("list", kind).stdout.splitlines() == list(sections(kind))


def test_list_presets_tells_rule_payload_and_source():
    lines = list(sections("presets"))
    first = next(i for i, line in enumerate(lines) if line.startswith("dml "))
    assert "mutual KL" in lines[first]
    assert "sends soft_labels, 64 rows, float32; Zhang" in lines[first + 1]


def test_schema():
    assert invoke("schema").stdout == schema_text()


def test_doctor():
    result = invoke("doctor")
    assert result.exit_code == 0
    assert all(word in result.stdout for word in ("python", "torch", "cores", "memory", "topohub"))


def test_version():
    assert invoke("--version").stdout == "0.1.0\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_an_example_to_copy(command):
    lines = invoke(command, "--help").stdout.rstrip().splitlines()
    start = lines.index("  Example:")
    assert len(lines) > start + 1
    assert all(line.startswith(f"    p2pkd {command}") for line in lines[start + 1 :])


def test_help_lists_every_command():
    text = invoke("--help").stdout
    assert all(f"  {command} " in text for command in COMMANDS)
    assert text.rstrip().endswith("p2pkd run scenarios/quickstart.yaml")


@pytest.mark.parametrize("args", [["--help"], ["validate", "scenarios/quickstart.yaml"]])
def test_nothing_slow_is_imported(args):
    code = (
        "import sys\nfrom p2pkd.cli import app\n"
        f"try:\n    app({args!r})\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print(sorted({SLOW!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("bad"), 2, "bad\n"),
        (DataError("bad"), 2, "bad\n"),
        (RunError("broke"), 1, "the run failed: broke\n"),
        (Interrupted("stopped at 3 s"), 130, "stopped at 3 s\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_exit_codes(error, code, message):
    result = CliRunner().invoke(_raising(error), ["go"])
    assert (result.exit_code, result.stderr, result.stdout) == (code, message, "")


def test_bugs_keep_their_traceback():
    result = CliRunner().invoke(_raising(ZeroDivisionError("oops")), ["go"])
    assert isinstance(result.exception, ZeroDivisionError)


def _raising(error):
    small = typer.Typer(cls=Commands)
    small.callback()(lambda: None)

    @small.command()
    def go():
        raise error

    return small


def test_a_timeline_that_depends_on_learning_is_told():
    path = Path("scenarios/methods/preset-similar-peers.yaml")
    told = "timeline depends on what is learned (gossip.peers: similar_quality)"
    assert invoke("validate", path).stdout == f"{path}: valid; its {told}\n"
    assert invoke("validate", path, "--deep").exit_code == 0
    (file,) = json.loads(invoke("validate", path, "--json").stdout)["scenarios"]
    assert file["timeline_looks_at_learning"] == ["gossip.peers: similar_quality"]
    assert invoke("show", path).stdout.startswith(
        f"# Its {told}.\n# From the preset similar-peers: "
    )
    assert not invoke("show", "scenarios/quickstart.yaml").stdout.startswith("#")
