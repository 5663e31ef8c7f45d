import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from p2pkd.analysis.result import Result
from p2pkd.core.errors import ResultError
from p2pkd.core.records import Observer
from p2pkd.report import compare_report, write_report

invented = sys.modules["invented_run"]

VOID = {"meta", "br", "hr", "img", "link"}


class Balanced(HTMLParser):
    """Notes what is open, all ids and all references."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            if name in ("href", "src", "xlink:href", "action"):
                self.links.append(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parse(page: Path) -> tuple[str, Balanced]:
    text = page.read_text(encoding="utf-8")
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    return text, parser


def test_the_page_stands_alone(result: Result) -> None:
    page = write_report(result.path)
    assert page == result.path / "report.html"
    text, parsed = parse(page)
    assert all(link.startswith(("#", "data:")) for link in parsed.links)
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(parsed.ids)
    assert "@import" not in text
    assert str(result.path.parent) not in text
    assert text.count("<svg") == 7


def test_the_page_has_the_numbers(result: Result) -> None:
    text, _ = parse(write_report(result))
    for expected in (
        "80.0 % ± 10.0",
        "5.82 kB",
        "name: made-up  # &lt;&amp;&gt;",
        str(result.summary["fingerprint"]),
        "Break-even R* = P / C",
        "<td>481</td>",
        "preloaded",
        "mlp 64-32-10",
    ):
        assert expected in text
    assert 'class="warning"' not in text


def test_equal_runs_have_equal_pages(result: Result) -> None:
    first = write_report(result).read_bytes()
    assert write_report(Result.from_dir(result.path)).read_bytes() == first


def test_the_page_is_loud_about_what_went_wrong(make_run: Callable[..., Result]) -> None:
    def nothing(observer: Observer) -> None:
        pass

    text, _ = parse(write_report(make_run(status="interrupted", records=nothing)))
    alarms = re.findall(r'<p class="warning" role="alert">(.*?)</p>', text)
    assert len(alarms) == 2
    assert "interrupted" in alarms[0]
    assert "never distilled" in alarms[1]


def test_a_control_is_told_calmly(make_run: Callable[..., Result]) -> None:
    def alone(observer: Observer) -> None:
        invented.emit(observer, taught=False)

    text, _ = parse(write_report(make_run(records=alone, teacher="none")))
    assert 'class="warning"' not in text
    assert '<p class="note">A control' in text


def test_several_runs_share_a_page(make_run: Callable[..., Result], tmp_path: Path) -> None:
    runs = [make_run("one"), make_run("two", status="interrupted")]
    page = compare_report(runs, tmp_path / "both.html")
    text, parsed = parse(page)
    assert text.count("<svg") == 4
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert "two: This run was interrupted" in text


def test_no_report_of_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"no manifest\.json"):
        write_report(tmp_path)
