"""Every table, figure and number of the docs can be written, from its study in little."""

import importlib

import pytest
from making.made import ITEMS
from making.results import ROOT, FromStudies, copy_pages
from ruamel.yaml import YAML

from p2pkd.analysis.results import Results
from p2pkd.study.executors import InProcess
from p2pkd.study.load import load_study
from p2pkd.study.start import sweep_of

STUDIES = [item for item in ITEMS if isinstance(item, FromStudies)]
# Fewer values of axes that do not shape the table; the rest runs whole, for a minute.
FEWER = {"agents": 1, "method.learn.temperature": 2}
SLOW = {"tasks": ("methods/objective-data-free", "methods/preset-fedgen"), "methods": ()}


def in_little(name, folder):
    """Run the study *name* with two seeds for some minutes, and return its Results."""
    source = ROOT / f"scenarios/studies/{name}.yaml"
    facts = YAML(typ="safe", pure=True).load(source.read_text())
    facts["base"] = str((source.parent / facts["base"]).resolve())
    facts["seeds"] = [0, 1]
    facts.pop("tune", None)
    facts["set"] = {**facts.get("set", {}), "duration": "3 min", "evaluate": {"every": "30 s"}}
    for variant, changes in dict(facts.get("variants", {})).items():
        if variant in SLOW.get(name, ()):
            del facts["variants"][variant]
        elif "base" in (changes or {}):
            changes["base"] = str((source.parent / changes["base"]).resolve())
        (changes or {}).pop("duration", None)
    for key, values in facts.get("matrix", {}).items():
        if isinstance(values, list):
            facts["matrix"][key] = values[: FEWER.get(key, len(values))]
    folder.mkdir()
    with (folder / "study.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump(facts, file)
    sweep = sweep_of(load_study(folder / "study.yaml"), folder / "runs")
    sweep.run(InProcess())
    assert not sweep.errors
    return Results.from_dir(sweep.folder)


# In little they take minutes together; `make test-long` writes all of them.
SHORT = ("claim",)


@pytest.mark.slow
@pytest.mark.parametrize(
    "item",
    [pytest.param(i, id=i.name, marks=[pytest.mark.long] * (i.name not in SHORT)) for i in STUDIES],
)
def test_all_outputs_are_written(item, tmp_path):
    place = tmp_path / "place"
    copy_pages([item], place)
    before = {file: (place / file).read_bytes() for file in item.files if (place / file).exists()}
    results = [in_little(name, tmp_path / name) for name in item.studies]
    module, _, function = item.write.partition(":")
    getattr(importlib.import_module(f"making.{module}"), function)(place, *results)
    for file in item.files:
        assert (place / file).read_bytes() != before.get(file), file
    for output in item.outputs:
        page, _, part = output.partition("#")
        if part:
            text = (place / page).read_text().split(f"<!-- {part} -->")[1]
            written = text.split(f"<!-- /{part} -->")[0]
            assert written.strip()
            assert "nan" not in written
