"""The package that docs/extending.md builds, built and used as it says, in a process of its own."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TEXT = Path("docs/extending.md").read_text()
P2PKD = ("-c", "from p2pkd.cli import app; app()")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Write all titled listings into a folder, and beside them what an installer would."""
    folder = tmp_path_factory.mktemp("extending")
    for name, text in re.findall(r'^```\w+ title="([^"\n]+)"\n(.*?)^```$', TEXT, re.M | re.S):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    info = folder / "p2pkd_reverse-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return folder


def python(folder, *args):
    path = os.pathsep.join([str(folder), str(Path.cwd())])
    return subprocess.run(
        [sys.executable, *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_of_the_page_runs(package):
    (command,) = re.findall(r"^\$ p2pkd (.+)$", TEXT, re.M)
    done = python(package, *P2PKD, *command.split(), "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "distill" in (package / "run" / "manifest.json").read_text()
    resolved = (package / "run" / "resolved.yaml").read_text()
    assert "objective: reverse" in resolved
    assert "reverse-kd" in resolved


@pytest.mark.parametrize(("kind", "name"), [("objectives", "reverse"), ("presets", "reverse-kd")])
def test_its_kinds_are_listed_beside_ours(package, kind, name):
    done = python(package, *P2PKD, "list", kind)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"\b{name}\b", done.stdout)


def test_its_own_test_passes(package):
    done = python(package, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_reverse.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_name_taken_by_us_is_refused(package, tmp_path):
    twin = package / "p2pkd_reverse" / "presets" / "dml.yaml"
    twin.write_text((package / "p2pkd_reverse" / "presets" / "reverse-kd.yaml").read_text())
    done = python(package, *P2PKD, "list", "presets")
    twin.unlink()
    assert done.returncode == 2
    assert "preset 'dml': in" in done.stderr
