"""Results for readers: one self-contained HTML file, a replay, and a trace for Perfetto."""

from p2pkd.report.page import compare_report, write_report
from p2pkd.report.replay import write_replay
from p2pkd.report.study_page import is_study, study_html, write_study_report
from p2pkd.report.trace import write_trace

__all__ = [
    "compare_report",
    "is_study",
    "study_html",
    "write_replay",
    "write_report",
    "write_study_report",
    "write_trace",
]
