import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from p2pkd.analysis.result import Result
from p2pkd.core.errors import ResultError
from p2pkd.report import write_replay, write_report
from p2pkd.report.replay import data as replay_data_module
from p2pkd.report.replay.data import replay_data
from p2pkd.report.replay.page import replay_html

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def embedded(page: str) -> dict[str, object]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


def test_the_replay_has_all_records_and_needs_no_network(result: Result) -> None:
    path = write_replay(result)
    assert path == result.path / "replay.html"
    page = path.read_text(encoding="utf-8")
    data = replay_data(result)
    assert embedded(page) == json.loads(json.dumps(data))
    assert sum(data["messages"]["bytes"]) == result.messages["wire_bytes"].sum()
    assert len(data["evaluations"]["time"]) == len(result.evaluations)
    assert len(data["compute"]["start"]) == len(result.compute)
    assert not re.search(r"https?:|@import|url\(|<link|\bsrc=", page)
    assert len(page) < 100_000


def test_no_name_becomes_markup(result: Result) -> None:
    evil = "</script><script>alert(1)</script>@@DATA@@"
    result.manifest["name"] = evil
    result.agents["node"] = evil
    page = replay_html(result)
    assert "alert(1)</script>" not in page
    assert page.count("</script>") == 2
    assert embedded(page)["name"] == evil


def test_too_many_messages_are_grouped_and_said(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_data_module, "MESSAGES", 1)
    monkeypatch.setattr(replay_data_module, "STRETCHES", 1)
    data = replay_data(result)
    assert data["grouped"]
    assert sum(data["messages"]["count"]) == len(result.messages)
    assert sum(data["messages"]["bytes"]) == result.messages["wire_bytes"].sum()


def test_the_report_links_to_a_replay_beside_it(result: Result) -> None:
    assert "replay.html" not in write_report(result).read_text(encoding="utf-8")
    write_replay(result)
    assert 'href="replay.html"' in write_report(result).read_text(encoding="utf-8")


def test_notebooks_show_it_in_a_frame(result: Result, tmp_path: Path) -> None:
    shown = result.replay()._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts"')
    assert "<script" not in shown
    assert result.replay(tmp_path / "r.html").page == (tmp_path / "r.html").read_text("utf-8")


def test_no_replay_of_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"no manifest\.json"):
        write_replay(tmp_path)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")
def test_a_browser_plays_seeks_clicks_and_searches(
    make_run: Callable[..., Result], tmp_path: Path
) -> None:
    page = write_replay(make_run(), tmp_path / "replay.html")
    command = [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=4000"]
    done = subprocess.run(
        [*command, "--dump-dom", f"{page.as_uri()}#test"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = re.search(r'<pre id="selfcheck">(.*?)</pre>', done.stdout)
    assert found, done.stderr[-2000:]
    told = json.loads(found[1])["ok"]
    assert told == dict.fromkeys(told, True)
    assert len(told) >= 9
