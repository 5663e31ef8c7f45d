"""docs/architecture.md names what is there, in the order of the layers, and its pictures too."""

import importlib
import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import pytest

TEXT = Path("docs/architecture.md").read_text()
NAMES = sorted(set(re.findall(r"`(p2pkd(?:\.\w+)+(?::[\w.]+)?)`", TEXT)))


@pytest.fixture(scope="module")
def drawing():
    spec = importlib.util.spec_from_file_location("drawing", "docs/making/architecture.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_what_it_names_is_there(name):
    module, _, inner = name.partition(":")
    found = importlib.import_module(module)
    for part in filter(None, inner.split(".")):
        found = getattr(found, part)


def test_the_layers_are_those_that_the_linter_holds(drawing):
    contracts = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    drawn = [name.replace(" · ", " | ") for name, _ in drawing.LAYERS]
    assert [set(row.split(" | ")) for row in drawn] == [set(row.split(" | ")) for row in layers]


def test_the_stops_are_where_the_picture_says(drawing):
    for _, stops in drawing.WAY:
        for name, place in stops:
            path = Path("p2pkd") / place
            assert path.exists(), place
            if path.is_file():
                text = path.read_text()
                assert all(re.search(rf"\b{part}\b", text) for part in name.split(".")), name


@pytest.mark.parametrize("picture", ["layers", "soft-label"])
def test_the_pictures_are_those_that_are_drawn(picture, drawing, tmp_path):
    words = {"layers": drawing.LAYERS, "soft-label": drawing.WAY}
    assert words[picture]
    assert Path(f"docs/img/architecture-{picture}.svg").stat().st_size > 5000
