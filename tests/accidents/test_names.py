"""Names that spreadsheets and terminals would obey reach neither."""

import csv
import io

import pandas as pd
import pytest

from p2pkd.analysis.io.tables import csv_text
from p2pkd.core.text import cell, readable, short

FORMULAS = ["=1+1", "+cmd", "-2+3|x", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_a_text(formula):
    frame = pd.DataFrame({formula: [formula, "plain"], "n": [-1.5, 2]}, index=[formula, "b"])
    rows = list(csv.reader(io.StringIO(csv_text(frame.rename_axis("run")))))
    cells = [value for row in rows for value in row if value not in ("-1.5", "2.0")]
    assert not [value for value in cells if value[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert rows[1][-1] == "-1.5"


def test_what_is_harmless_stays():
    frame = pd.DataFrame({"a": ["-5", "ring", None], "b": [True, False, True], "c": [1, 2, 3]})
    assert csv_text(frame, index=False) == frame.to_csv(index=False)
    assert cell("-0.5") == "-0.5"
    assert (cell(None), cell(-3)) == (None, -3)


def test_escapes_are_shown():
    assert readable("a\x1b[31m\u202eb\n") == "a\\x1b[31m\\u202eb\n"
    assert short("x" * 200) == "x" * 53 + "... (200 characters)"
