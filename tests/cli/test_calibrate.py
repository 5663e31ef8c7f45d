"""`p2pkd calibrate`: a table, and a profile that a scenario takes."""

from pathlib import Path

from typer.testing import CliRunner

from p2pkd.cli import app
from p2pkd.scenario.load import load_scenario


def test_the_profile_can_be_pasted(tmp_path):
    out = tmp_path / "machine.yaml"
    arguments = ["calibrate", "scenarios/quickstart.yaml", "--batch", "16", "--seconds", "0.01"]
    done = CliRunner().invoke(app, [*arguments, "--out", str(out)])
    assert done.exit_code == 0, done.output
    for words in ("linear 64-10", "mlp 64-512-512-10", "cnn 8-16", "left out of the fit"):
        assert words in done.stdout
    assert done.stdout.endswith(out.read_text())
    assert all(len(line) <= 80 for line in out.read_text().splitlines())
    pasted = tmp_path / "pasted.yaml"
    pasted.write_text(f"extends: {Path('scenarios/quickstart.yaml').resolve()}\n" + out.read_text())
    (group,) = load_scenario(pasted).scenario.devices
    assert group.name == "this-machine"
    assert 1e-6 < group.overhead < 1


def test_a_scenario_that_is_wrong_is_told(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("agents: none\n")
    assert CliRunner().invoke(app, ["calibrate", str(wrong)]).exit_code == 2
