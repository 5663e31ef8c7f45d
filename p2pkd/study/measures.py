"""What a search is after: one number a run, and whether more of it is better."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from p2pkd.analysis.measures.budgets import Budget
from p2pkd.scenario.base import Family
from p2pkd.scenario.quantities import Fraction

if TYPE_CHECKING:
    import pandas as pd

    from p2pkd.analysis.result import Result


class BudgetText:
    """Annotation of a `p2pkd.analysis.measures.budgets.Budget`, kept as it was written."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_checked)


def _checked(value: Any) -> str:
    """Return *value* if it can be read as a budget."""
    try:
        Budget.parse(str(value))
    except ValueError as error:
        raise PydanticCustomError("quantity", "{text}", {"text": str(error)}) from None
    return str(value)


class MeasureSpec(Family, root=True):
    """What is measured of each run; nan where the run has no such number."""

    plural = "measures"
    maximise: ClassVar[bool] = True

    def of(self, result: Result) -> float:
        """Return the measure of one finished run."""
        raise TypeError(f"{type(self).__name__} measures nothing")


class FinalAccuracy(MeasureSpec):
    """Accuracy of what the method delivers (`evaluate.score`) at the end of the run."""

    kind: Literal["accuracy"] = "accuracy"

    def of(self, result: Result) -> float:
        """Return the final accuracy."""
        return _number(result, "final_accuracy_mean")


class AccuracyAt(MeasureSpec):
    """What the method delivers within a budget of bytes on the wire, time, joules or steps."""

    kind: Literal["accuracy_at"] = "accuracy_at"
    budget: Annotated[str, BudgetText()]
    """``10 MB``, ``5 min``, ``2 kJ`` or ``3300 steps``, of all agents together."""

    def of(self, result: Result) -> float:
        """Return the accuracy at the last evaluation within the budget."""
        from p2pkd.analysis.measures.budgets import accuracy_at

        return accuracy_at(result, Budget.parse(self.budget)).accuracy


class _CostTo(MeasureSpec):
    maximise: ClassVar[bool] = False
    cost: ClassVar[str]
    accuracy: Fraction
    """The accuracy to reach, of what the method delivers."""

    def of(self, result: Result) -> float:
        """Return what had been spent when the accuracy was first reached; nan if it never was."""
        from p2pkd.analysis.measures.cost import to_target

        return to_target(result, self.accuracy)[self.cost]


class BytesTo(_CostTo):
    """Bytes on the wire until what the method delivers has an accuracy; fewer are better."""

    kind: Literal["bytes_to"] = "bytes_to"
    cost: ClassVar[str] = "wire_bytes"


class SecondsTo(_CostTo):
    """Simulated seconds until what the method delivers has an accuracy; fewer are better."""

    kind: Literal["seconds_to"] = "seconds_to"
    cost: ClassVar[str] = "time_s"


class JoulesTo(_CostTo):
    """Joules until what the method delivers has an accuracy; fewer are better."""

    kind: Literal["joules_to"] = "joules_to"
    cost: ClassVar[str] = "energy_j"


class MostOf(MeasureSpec):
    """The largest of a number in the runs' summaries, such as final_ensemble_accuracy."""

    kind: Literal["most"] = "most"
    number: str

    def of(self, result: Result) -> float:
        """Return that number."""
        return _number(result, self.number)


class LeastOf(MostOf):
    """The smallest of a number in the runs' summaries, such as final_disagreement."""

    kind: Literal["least"] = "least"  # type: ignore[assignment]
    maximise: ClassVar[bool] = False


def best_trial(trials: pd.DataFrame, measure: MeasureSpec) -> dict[Hashable, Any] | None:
    """Return the best row of a `trial_table`; None where none has a value."""
    from p2pkd.analysis.measures.trials import finished

    usable = finished(trials)
    if usable.empty:
        return None
    ordered = usable.sort_values("objective", ascending=not measure.maximise, kind="stable")
    return dict(ordered.iloc[0].to_dict())


def _number(result: Result, key: str) -> float:
    value = result.summary.get(key)
    return float("nan") if value is None else float(value)
