"""Accuracy for a budget: one function, on the invented run and against its own table."""

from collections.abc import Callable

import numpy as np
import pytest

from p2pkd.analysis.measures.budgets import COSTS, Budget, accuracy_at
from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.measures.cost import cost_table
from p2pkd.analysis.result import Result


@pytest.mark.parametrize(
    ("text", "cost", "amount"),
    [
        ("10 MB", "wire_bytes", 1e7),
        ("5 min", "time_s", 300),
        ("2 kJ", "energy_j", 2000),
        ("3300 steps", "gradient_steps", 3300),
        ("final", "time_s", np.inf),
    ],
)
def test_budgets_have_units(text: str, cost: str, amount: float) -> None:
    assert Budget.parse(text) == (text, cost, amount)


@pytest.mark.parametrize("text", ["10", "ten MB", "0 MB", "-1 s", "3 dB", ""])
def test_what_is_no_budget(text: str) -> None:
    with pytest.raises(ValueError, match="must be like '10 MB'"):
        Budget.parse(text)


def test_accuracy_is_that_of_the_last_evaluation_within(result: Result) -> None:
    # Wire bytes are 1500 (the reference set), 2564, 6820, 7320; accuracies .1, .3, .6, .8.
    bought = accuracy_at(result, Budget.parse("6.8 kB"))
    assert bought.accuracy == pytest.approx(0.3)
    assert (bought.spent, bought.reached) == (2564, True)
    assert accuracy_at(result, Budget.parse("6820 B")).accuracy == pytest.approx(0.6)
    assert accuracy_at(result, Budget.parse("2 min")).accuracy == pytest.approx(0.6)
    assert accuracy_at(result, Budget.parse("29 steps")).accuracy == pytest.approx(0.1)


def test_what_speaks_for_a_budget_had_spent_half_of_it_and_learned(result: Result) -> None:
    texts = ("6.8 kB", "5 kB", "2 min", "50 s", "29 steps", "1 MB", "final")
    early = {text: accuracy_at(result, Budget.parse(text)).early for text in texts}
    assert early == {
        "6.8 kB": True,  # 38 %
        "5 kB": False,  # 51 %
        "2 min": False,
        "50 s": True,  # time 0: no step has been made
        "29 steps": True,
        "1 MB": False,  # never spent: it ended so, and `reached` says it
        "final": False,
    }


def test_a_run_that_spent_less_has_its_end_and_is_marked(result: Result) -> None:
    bought = accuracy_at(result, Budget.parse("1 MB"))
    assert bought.accuracy == pytest.approx(0.8)
    assert (bought.spent, bought.reached) == (7320, False)
    final = accuracy_at(result, Budget.parse("final"))
    assert (final.accuracy, final.reached) == (bought.accuracy, True)


def test_a_budget_below_the_reference_set_buys_nothing(result: Result) -> None:
    bought = accuracy_at(result, Budget.parse("1 kB"))
    assert np.isnan(bought.accuracy)
    assert bought.reached


def test_all_costs_are_columns_and_energy_is_everything(make_run: Callable[..., Result]) -> None:
    run = make_run()
    table = costs_over_time(run)
    assert set(COSTS) <= set(table.columns)
    total = sum(run.agents[f"{part}_energy_j"].sum() for part in ("radio", "idle"))
    assert table["energy_j"].iloc[-1] == pytest.approx(198 + total)


def test_the_table_of_costs_asks_the_same_function(result: Result) -> None:
    table = cost_table([result], budget_bytes=6800)
    assert table["accuracy_at_budget"].iloc[0] == pytest.approx(0.3)
