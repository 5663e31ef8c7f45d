import math
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from p2pkd.core.errors import RunError
from p2pkd.core.records import (
    ABORTED,
    DELIVERED,
    IN_FLIGHT,
    LOST,
    AgentRecord,
    ComputeRecord,
    EvaluationRecord,
    MessageRecord,
    PopulationRecord,
    PresenceRecord,
)
from p2pkd.record import recorder as module
from p2pkd.record.recorder import BATCH, Recorder
from p2pkd.record.tables import TABLES


def message(number: int, status: str = DELIVERED, wire: int = 1064) -> MessageRecord:
    return MessageRecord(
        number, "soft_labels", 0, 1, 1.0, 2.0, status, 1000, 64, 0, wire, 1, 3, 64, -1
    )


def fill(recorder: Recorder, n: int, *, stride: int = 1000) -> None:
    for i in range(n):
        recorder.message(message(i))
        recorder.compute(ComputeRecord(0, "distill", i, i + 0.5, 1e6, 2.0, 5, 2, math.nan, i, True))
        if i % stride == 0:
            recorder.advance(float(i), i)
    recorder.evaluation(EvaluationRecord(60.0, 0, 7, 0.5, 1.2))
    recorder.population(PopulationRecord(60.0, 2, 2, 0.5, 0.1, 1.2, 0.3, 0.6))
    recorder.presence(PresenceRecord(5.0, 1, False, "churn"))
    recorder.advance(float(n), n)
    recorder.close()


def fingerprint(n: int, stride: int) -> str:
    recorder = Recorder(None)
    fill(recorder, n, stride=stride)
    return recorder.fingerprint.hexdigest()


def test_every_table_and_column_of_the_records_is_on_disk(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    fill(recorder, 3)
    for table in TABLES:
        schema = pq.read_schema(tmp_path / f"{table.name}.parquet")
        assert schema.names == list(table.record._fields)
    messages = pq.read_table(tmp_path / "messages.parquet").to_pylist()
    assert [MessageRecord(**row) for row in messages] == [message(i) for i in range(3)]


def test_columns_carry_types_and_units() -> None:
    schema = {table.name: table.schema for table in TABLES}
    units = {
        name: (field.metadata or {}).get(b"unit", b"").decode()
        for name in ("messages", "agents", "evaluations")
        for field in schema[name]
        for name in [field.name]
    }
    assert units["sent_s"] == "s"
    assert units["wire_bytes"] == "byte"
    assert units["uplink_bytes_per_s"] == "byte/s"
    assert units["flops_per_s"] == "FLOP/s"
    assert units["energy_j"] == "J"
    assert units["loss"] == "nat"
    assert units["accuracy"] == ""
    assert str(schema["messages"].field("sender").type) == "int32"
    assert str(schema["messages"].field("message").type) == "int64"
    assert str(schema["messages"].field("kind").type).startswith("dictionary")


def test_batches_leave_memory_while_the_run_goes_on(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for i in range(2 * BATCH + 10):
        recorder.message(message(i))
    recorder.advance(1.0, 1)
    assert len(recorder._buffers[0][1]) == 10
    recorder.close()
    file = pq.ParquetFile(tmp_path / "messages.parquet")
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert groups == [BATCH, BATCH, 10]


def test_the_fingerprint_does_not_depend_on_when_time_advances(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BATCH", 16)
    assert fingerprint(100, 1) == fingerprint(100, 7) == fingerprint(100, 1000)
    assert fingerprint(100, 1) != fingerprint(101, 1)


@pytest.mark.parametrize("change", [{"wire_bytes": 9}, {"kind": "logits"}, {"sent_s": 1.0000001}])
def test_the_fingerprint_sees_every_column(change: dict[str, object]) -> None:
    digests = set()
    for record in (message(0), message(0)._replace(**change)):  # type: ignore[arg-type]
        recorder = Recorder(None)
        recorder.message(record)
        recorder.close()
        digests.add(recorder.fingerprint.hexdigest())
    assert len(digests) == 2


def test_the_fingerprint_does_not_depend_on_the_hash_seed() -> None:
    script = (
        "from p2pkd.record.recorder import Recorder\n"
        "from p2pkd.core.records import PresenceRecord\n"
        "r = Recorder(None)\n"
        "for i in range(50): r.presence(PresenceRecord(float(i), i, True, f'reason {i % 7}'))\n"
        "r.close(); print(r.fingerprint.hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(digests) == 1


def test_nan_has_one_bit_pattern() -> None:
    digests = set()
    for nan in (math.nan, -math.nan):
        recorder = Recorder(None)
        recorder.evaluation(EvaluationRecord(0.0, 0, 0, nan, nan))
        recorder.close()
        digests.add(recorder.fingerprint.hexdigest())
    assert len(digests) == 1


def test_the_summary_balances() -> None:
    recorder = Recorder(None)
    for number, (status, wire) in enumerate(
        [(DELIVERED, 1064), (LOST, 1064), (ABORTED, 500), (IN_FLIGHT, 10), (DELIVERED, 1064)]
    ):
        recorder.message(message(number, status, wire))
    recorder.agent(agent(0))
    recorder.agent(agent(1))
    recorder.advance(60.0, 99)
    recorder.close()
    summary = recorder.summary()
    expected = {
        "agents": 2,
        "messages_sent": 5,
        "messages_delivered": 2,
        "messages_lost": 1,
        "messages_aborted": 1,
        "messages_in_flight": 1,
        "payload_bytes": 5000,
        "header_bytes": 320,
        "retransmitted_bytes": 0,
        "aborted_bytes": 500,
        "wire_bytes": 3702,
        "energy_j": 12.0,
        "distill_steps": 10,
        "distilled": False,
        "simulated_s": 60.0,
        "events": 99,
    }
    assert {key: summary[key] for key in expected} == expected
    assert math.isnan(summary["final_accuracy_mean"])
    assert len(summary["fingerprint"]) == 64


def test_a_value_that_does_not_fit_is_refused_by_name() -> None:
    recorder = Recorder(None)
    recorder.message(message(0)._replace(wire_bytes=1.5))  # type: ignore[arg-type]
    with pytest.raises(RunError, match=r"'messages'.*'wire_bytes'"):
        recorder.close()


def agent(number: int) -> AgentRecord:
    values: dict[str, object] = dict.fromkeys(AgentRecord._fields, 0)
    values |= {"agent": number, "node": "a", "device": "phone", "model": "mlp"}
    values |= {"energy_j": 6.0, "distill_steps": 5}
    return AgentRecord(**values)  # type: ignore[arg-type]
