"""Results for readers: one self-contained HTML file, and a trace for Perfetto."""

from p2pkd.report.page import compare_report, write_report
from p2pkd.report.trace import write_trace

__all__ = ["compare_report", "write_report", "write_trace"]
