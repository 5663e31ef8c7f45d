from collections.abc import Callable
from pathlib import Path

import pytest

from p2pkd.analysis.measures.headline import headline
from p2pkd.analysis.result import Result
from p2pkd.core.errors import ResultError
from p2pkd.core.records import Observer


def test_tables_are_frames_with_the_records_fields(result: Result) -> None:
    assert len(result.messages) == 5
    assert result.messages["wire_bytes"].tolist() == [1064, 2128, 2128, 400, 100]
    assert result.evaluations["accuracy"].tolist()[-3:] == [0.9, 0.8, 0.7]
    assert result.compute["kind"].astype(str).tolist() == ["train", "distill"] * 3
    assert result.agents["node"].astype(str).tolist() == ["a", "b", "c"]
    assert result.population["agents"].tolist() == [3] * 4
    assert result.presence["online"].tolist() == [False, True]
    assert result.topology == {
        "nodes": ["a", "b", "c"],
        "edges": [[0, 1], [1, 2]],
        "positions": None,
    }


def test_the_summary_agrees_with_the_tables(result: Result) -> None:
    summary = result.summary
    assert summary["wire_bytes"] == result.messages["wire_bytes"].sum() == 5820
    assert summary["messages_sent"] == 5
    fates = ("delivered", "lost", "aborted", "in_flight")
    assert [summary[f"messages_{fate}"] for fate in fates] == [2, 1, 1, 1]
    assert summary["energy_j"] == result.agents["energy_j"].sum()
    assert summary["final_accuracy_mean"] == pytest.approx(0.8)


def test_texts_and_name(result: Result) -> None:
    assert (result.name, result.seed, result.status) == ("made-up", 7, "done")
    assert result.scenario_text == "name: made-up  # <&>\n"
    assert result.resolved_text.endswith("seed: 7\n")
    assert repr(result).endswith("done, accuracy 80.0% (agents))")


def test_headline_and_html_escape(make_run: Callable[..., Result]) -> None:
    result = make_run(name="<b>", reference_set="download")
    values = dict(headline(result))
    assert values["Mean over agents, test accuracy"] == "80.0 % ± 10.0"
    assert values["On the wire"] == "5.82 kB"
    assert values["Reference set"] == "downloaded by every agent (charged): 1.5 kB"
    assert values["Messages"] == "5 sent: 2 delivered, 1 lost, 1 aborted, 1 in flight"
    assert "&lt;b&gt;" in result._repr_html_()
    assert "<b><b>" not in result._repr_html_()


def test_warnings_name_what_is_wrong(make_run: Callable[..., Result]) -> None:
    def nothing(observer: Observer) -> None:
        pass

    assert make_run().warnings == []
    assert "interrupted" in make_run(status="interrupted").warnings[0]
    assert "FAILED: boom" in make_run(status="failed", error="boom").warnings[0]
    assert "never distilled" in make_run(records=nothing).warnings[0]
    assert "dry run" in make_run(records=nothing, dry_run=True).warnings[0]


def test_what_is_no_finished_run_is_refused(tmp_path: Path, result: Result) -> None:
    with pytest.raises(ResultError, match="no such directory"):
        Result.from_dir(tmp_path / "nowhere")
    with pytest.raises(ResultError, match="was killed or has not finished"):
        Result.from_dir(tmp_path)
    (result.path / "messages.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(ResultError, match=r"messages\.parquet: has 8 bytes, where"):
        _ = result.messages
    (result.path / "agents.parquet").unlink()
    with pytest.raises(ResultError, match=r"agents\.parquet: is missing"):
        _ = result.agents
    for broken in ("{", "[]", '{"status": "done"}', '{"status": 1, "summary": {}}'):
        (result.path / "manifest.json").write_text(broken)
        with pytest.raises(ResultError, match=r"manifest\.json(: is broken|:1:2  not valid JSON)"):
            Result.from_dir(result.path)
