"""Tables of measured phones: made-up ones, the real ones where they are, and wrong ones."""

import os
from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import TraceError
from p2pkd.core.rng import Streams
from p2pkd.core.units import SIZE
from p2pkd.scenario.devices import DeviceSpec
from p2pkd.world.devices import build_devices
from p2pkd.world.tables import read_table

DATA = Path(os.environ.get("P2PKD_DATA", Path(__file__).parents[3] / "shared" / "data"))
PHONES = DATA / "devices" / "ai_benchmark_phones.json"

CSV = "name, RAM, CPU_F_AI_Score\na, 1GB, 500\nb, 8GB, 3000\n"
JSON = (
    '[\n  {"RAM": "1GB", "CPU_F_AI_Score": "500"},\n  {"RAM": "8 GB", "CPU_F_AI_Score": 3000}\n]\n'
)


def group(path, **keys):
    return DeviceSpec(table={"path": str(path)}, uplink="1 MB/s", downlink="1 MB/s", **keys)


@pytest.mark.parametrize(("name", "text"), [("a.csv", CSV), ("a.json", JSON)])
def test_rows_become_devices(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    table = build_devices([group(name, background=0.5)], 2, Streams(1), tmp_path)
    assert sorted(table.flops_per_s) == [0.25e9, 1.5e9]
    assert sorted(table.memory_bytes) == [1e9, 8e9]
    assert table.groups[0].memory_bytes == 1e9  # the least, for the check at validation


def test_all_rows_are_used_before_any_twice(tmp_path):
    (tmp_path / "a.csv").write_text("RAM, CPU_F_AI_Score\n" + "1GB, 1\n2GB, 2\n3GB, 3\n")
    table = build_devices([group("a.csv")], 30, Streams(1), tmp_path)
    assert sorted(table.memory_bytes[:3]) == [1e9, 2e9, 3e9]
    assert len(set(table.memory_bytes)) == 3


@pytest.mark.skipif(not PHONES.exists(), reason=f"no {PHONES}")
def test_the_real_phones():
    table = build_devices([group(PHONES)], 333, Streams(1))
    assert np.median(table.flops_per_s) == pytest.approx(1.548e9)
    assert table.memory_bytes.min() == 0.5e9


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "RAM, CPU_F_AI_Score\n1GB, 5\n1GB\n", r"a.csv:3: 1 values, but the header has 2"),
        ("a.csv", "RAM, CPU_F_AI_Score\n1GB, 5, 6\n", r"a.csv:2: 3 values, but the header has 2"),
        ("a.csv", "RAM, CPU_F_AI_Score\n1GB, -5\n", r"a.csv:2:6: CPU_F_AI_Score: -5 must be more"),
        ("a.csv", "RAM, CPU_F_AI_Score\nlots, 5\n", r"a.csv:2:1: RAM: 'lots' is not a size"),
        (
            "a.csv",
            "RAM, Score\n1GB, 5\n",
            r"a.csv:2: no column 'CPU_F_AI_Score'; did you mean|known",
        ),
        ("a.csv", "RAM\n", r"a.csv: the table has no rows"),
        ("a.json", '[\n {"RAM": 1, "CPU_F_AI_Score": 1},\n 7]', r"a.json:3: 7 is not an object"),
        ("a.json", '{"x":\n {"RAM": 1, "CPU_F_AI_Score": "x"}}', r"a.json:2: CPU_F_AI_Score: 'x'"),
        ("a.json", "[1, ", r"a.json:1:5: not JSON: Expecting value"),
        ("a.json", "3", r"a.json:1:1: needs an array"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(TraceError, match=words):
        build_devices([group(name)], 2, Streams(1), tmp_path)


def test_lines_of_json_rows(tmp_path):
    (tmp_path / "a.json").write_text('{\n "p, q": {\n  "v": "1 kB"},\n\n "r": {"v": 2}}')
    rows = read_table(tmp_path / "a.json")
    assert [row.where.rpartition(":")[2] for row in rows] == ["2", "5"]
    assert [row.quantity("v", SIZE, bare=1.0) for row in rows] == [1000, 2]
