from collections.abc import Callable

import numpy as np
import pytest

from p2pkd.analysis.measures.communication import (
    break_even,
    break_even_rows,
    by_device,
    cost_to_accuracy,
    costs_over_time,
    split_bytes,
)
from p2pkd.analysis.measures.compare import compare, labels
from p2pkd.analysis.result import Result


def test_costs_add_up_until_each_evaluation(result: Result) -> None:
    table = costs_over_time(result)
    assert table["time_s"].tolist() == [0, 60, 120, 240]
    # Three agents downloaded 500 B each.  Message 0 ends at 12 s, 1 at 70 s, 2 at 80 s, 3 at 130 s,
    # 4 at 240 s.
    assert table["wire_bytes"].tolist() == [1500, 2564, 6820, 7320]
    assert table["payload_bytes"].tolist() == [0, 1000, 3000, 5000]
    assert table["gradient_steps"].tolist() == [0, 30, 30, 30]
    assert table["compute_energy_j"].tolist() == [0, 198, 198, 198]
    assert result.accuracy_over_bytes().equals(table)


def test_bytes_to_an_accuracy_and_back(result: Result) -> None:
    assert cost_to_accuracy(result, 0.25) == 2564
    assert cost_to_accuracy(result, 0.6, "time_s") == 120
    assert np.isnan(cost_to_accuracy(result, 0.99))


def test_the_parts_of_the_bytes_make_the_whole(result: Result) -> None:
    parts = split_bytes(result).loc["soft_labels"].to_dict()
    assert parts == {
        "payload": 2000,
        "header": 128,
        "lost": 1064,
        "retransmitted": 2128,
        "aborted": 400,
        "in_flight": 100,
        "total": 5820,
    }


def test_who_paid(result: Result) -> None:
    table = by_device(result)
    assert table["agents"].to_dict() == {"laptop": 1, "phone": 2}
    assert table.loc["phone", "wire_bytes"] == 2500
    assert table.loc["phone", "accuracy"] == pytest.approx(0.75)
    assert table.loc["laptop", "computing"] == pytest.approx(33 / 240)


def test_break_even(result: Result, make_run: Callable[..., Result]) -> None:
    # An MLP 784-100-100-10 (CATALOGUE): 89,610 parameters, ten classes.
    assert break_even_rows(89_610, 10) == 8961
    table = break_even(result)
    assert table is not None
    assert table["break_even_rows"].to_dict() == {"mlp 64-64-10": 481, "mlp 64-32-10": 241}
    assert table["rows_sent"].tolist() == [50, 50]
    assert break_even(make_run(classes=None)) is None


def test_comparison_has_a_row_per_run(make_run: Callable[..., Result]) -> None:
    table = compare([make_run("one"), make_run("two", reference_set="download")])
    assert table.index.tolist() == ["one", "two"]
    assert table["wire_bytes"].tolist() == [5820, 5820]
    assert table["gradient_steps"].tolist() == [30, 30]
    assert table["reference_set"].tolist() == ["preloaded", "download"]


def test_labels_tell_runs_apart(make_run: Callable[..., Result]) -> None:
    one, two, other = make_run("a"), make_run("a"), make_run("a", seed=8)
    assert labels([one]) == ["a"]
    assert labels([one, other]) == ["a, seed 7", "a, seed 8"]
    assert labels([one, two]) == ["a, 0", "a, 1"]
    assert labels([one, one]) == ["a (1)", "a (2)"]
