"""The package that docs/extending.md builds, built and used as it says, in a process of its own."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from p2pkd import extend

TEXT = Path("docs/extending.md").read_text()
# What other packages build on: a name may be added here, and none taken away.
NAMES = """
AdaptivePeers AgentRecord Aging Architecture CodecSpec Combination ComputeRecord Count DataError
DatasetSpec Draws Duration DynamicsSpec EvaluationRecord Family Filter FixedCodec FlowSpec Fraction
History Impression InputError Judgement KnowledgeSpec LearningRate MeasureSpec Memory MemorySpec
MessageRecord MethodSpec MixingSpec ModelSpec Objective Observer OptimizerSpec Outputs P2pkdError
PartitionSpec PeerSampler PeersSpec Period Phased PopulationRecord PresenceRecord PrivacySpec
ProtocolSpec Rate Raw Response RowKnowledge RunError Share Sharpening Size Spec Steps Streams
Strength Temperature Topology TopologySpec Weight Weighting Work kl_divergence make_architecture
make_optimizer register_dataset register_dynamics register_partition register_topology
"""
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


def test_the_door_has_these_names_and_opens_without_array_libraries():
    assert sorted(extend.__all__) == sorted(NAMES.split())
    assert all(getattr(extend, name) is not None for name in extend.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Learner'"):
        extend.Learner  # noqa: B018
    heavy = "{'torch', 'pandas', 'numpy', 'networkx', 'sklearn'} & set(sys.modules)"
    done = python(".", "-c", f"import p2pkd.extend, sys; print(sorted({heavy}))")
    assert done.stdout == "[]\n"


def test_the_page_and_the_notebook_go_through_the_door():
    notebook = Path("notebooks/05_your_own_method.ipynb").read_text()
    for text in (TEXT, notebook):
        used = set(re.findall(r"\bfrom (p2pkd(?:\.\w+)*) import", text))
        assert "p2pkd.extend" in used
        assert {name for name in used if not name.startswith("p2pkd.analysis")} == {"p2pkd.extend"}


def test_the_command_of_the_page_runs(package):
    (command,) = re.findall(r"^\$ p2pkd (.+)$", TEXT, re.M)
    done = python(package, *P2PKD, *command.split(), "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "distill" in (package / "run" / "manifest.json").read_text()
    resolved = (package / "run" / "resolved.yaml").read_text()
    assert "objective: reverse" in resolved
    assert "topology: {kind: line" in resolved
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
