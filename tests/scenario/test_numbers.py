"""Numbers that nobody can mean are refused, wherever they stand and whoever asks for them."""

import math
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import Field, ValidationError

from p2pkd.core.errors import ScenarioError
from p2pkd.core.units import DURATION, POWER
from p2pkd.engine.pace import Pace
from p2pkd.scenario.base import FAMILIES, Spec
from p2pkd.scenario.devices import DutySpec
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.load import load_mapping, load_scenario
from p2pkd.scenario.quantities import Count, Quantity
from p2pkd.scenario.topology import TopologySpec

BASE: dict[str, Any] = {
    "duration": "2 min",
    "agents": 6,
    "method": {"learn": {"objective": "response"}},
}


def specs() -> list[type[Spec]]:
    """Return every specification that there is."""
    load_kinds()
    found: list[type[Spec]] = []
    for spec in (waiting := [Spec]):
        waiting += [each for each in spec.__subclasses__() if each not in waiting]
        found.append(spec)
    return [s for s in found if s.__module__.startswith("p2pkd.")]


def numbers(annotation: Any, metadata: list[Any]) -> list[tuple[type, list[Any]]]:
    """Return the plain numbers that a field may be, with their constraints."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return numbers(inner, [*more, *metadata])
    if annotation in (int, float):
        return [(annotation, metadata)]
    return [found for arg in get_args(annotation) for found in numbers(arg, [])]


def bounded(metadata: list[Any]) -> bool:
    parts = [part for each in metadata for part in (each, *getattr(each, "metadata", ()))]
    if any(isinstance(part, Quantity) for part in parts):
        return all(part.most < 1e25 for part in parts if isinstance(part, Quantity))
    return any(
        type(part).__name__ == "Percent" or hasattr(part, "le") or hasattr(part, "lt")
        for part in parts
    )


def test_every_number_of_every_kind_has_an_upper_bound():
    """Places in lists (agents, clusters, classes) are looked up, and have none."""
    places = {"agents", "cluster", "around", "who", "without", "classes"}
    missing = [
        f"{spec.__module__}.{spec.__name__}.{name}"
        for spec in specs()
        if spec.__module__.startswith("p2pkd.") and "study" not in spec.__module__
        for name, field in spec.model_fields.items()
        if name not in places
        for _, metadata in numbers(field.annotation, list(field.metadata))
        if not bounded(metadata)
    ]
    assert missing == []


def refusal(**changes: Any) -> str:
    with pytest.raises(ScenarioError) as error:
        load_mapping(BASE, [f"{key}={value}" for key, value in changes.items()])
    return str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("data.partition", "{kind: dirichlet, alpha: .inf}", "must be a finite number, given inf"),
        ("data.partition", "{kind: dirichlet, alpha: .nan}", "must be a finite number, given nan"),
        ("method.learn.lr", "1e39", "must be at most 3.40282e+38"),
        ("method.learn.lr", ".inf", "a finite number"),
        ("method.learn.temperature", ".inf", "a finite number"),
        ("method.learn.temperature", "1e-30", "at least 0.001"),
        ("devices", "[{profile: laptop, slowdown: .inf}]", "a finite number"),
        ("links.jitter", ".nan", "a finite number"),
        ("links.jitter", "nan %", "a finite number"),
        ("links.packets", "{loss: 1 %, mtu: 0 B}", "must be more than 0, given '0 B'"),
        ("links.packets", "{loss: 1 %, mtu: 1 bit}", "must be at least 1 B, given '1 bit'"),
        ("links.packets", "{loss: 0.9999999}", "at most 0.99"),
        ("links.window", "0 B", "must be more than 0"),
        ("links.header", "1e18 B", "must be at most 1 GB, given '1e18 B'"),
        ("links.uplink", "1e299 GB/s", "must be at most 1000000 GB/s"),
        ("links.uplink", "1e-9 bit/s", "must be at least 1 bit/s"),
        ("links.latency", "{kind: constant, value: 1e300 s}", "must be at most 365250000 d"),
        ("evaluate.every", "1e306 s", "must be at most 365250000 d"),
        ("evaluate.every", "1e-300 s", "must be at least 1 us"),
        ("evaluate.every", "1 us", "more than a hundred million times in a run of 2 min"),
        ("method.gossip.every", "1 us", "more than a hundred million times"),
        (
            "churn.sessions",
            "{kind: lognormal, online: 1 min, offline: 1 min, sigma: 40}",
            "must be at most 10, given 40",
        ),
        (
            "churn.sessions",
            "{kind: weibull, online: 1 min, offline: 1 min, shape: 0.001}",
            "must be at least 0.1, given 0.001",
        ),
        ("seed", "9" * 30, "a number of at most 19 digits, given one of 30"),
        ("seed", "9" * 5000, "a number of 5,000 characters"),
        ("agents", "0x" + "f" * 5000, "a number of about 6,021 digits; no key takes that"),
        ("agents", "2_000_000_000", "at most 1000000000"),
        ("duration", "9" * 4000 + " s", "is not a duration"),
        ("links.latency", "x" * 3000, "characters"),
    ],
)
def test_numbers_that_nobody_can_mean(key, value, told):
    message = refusal(**{key: value})
    assert told in message
    assert len(message) < 1000
    assert key.split(".")[0] in message


def test_a_giant_number_in_a_file_is_told_with_its_place(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(f"duration: 1 min\nagents: 4\nlinks: {{loss: {'9' * 5000}}}\n")
    with pytest.raises(ScenarioError, match=r"s\.yaml:3:15  links\.loss: a number of 5,000"):
        load_scenario(file)


def test_other_packages_numbers_are_finite_too():
    class Odd(TopologySpec):
        kind: Literal["odd"] = "odd"
        weight: float = 1.0
        each: tuple[float, ...] = ()
        open: Annotated[float, Field(allow_inf_nan=True)] = 0.0

    try:
        for wrong in ({"weight": math.inf}, {"each": (1.0, math.nan)}):
            with pytest.raises(ValidationError, match="finite"):
                Odd(**wrong)
        with pytest.raises(ValidationError, match="at most 19 digits, given one of 400"):
            Odd(weight=10**400)
        assert Odd(open=math.inf).open == math.inf
    finally:
        FAMILIES["topologies"].members.pop("odd")


def test_counts_fit_arrays():
    class Counted(Spec):
        n: Count

    with pytest.raises(ValidationError):
        Counted(n=10**10)


@pytest.mark.parametrize("value", [1.8e305, 1e308])
def test_units_of_any_number_that_there_is(value):
    for dimension in (DURATION, POWER):
        assert dimension.parse(dimension.format(value)) == value


def test_a_device_that_hardly_ever_works_plans_no_further_than_the_run():
    pace = Pace(1e6, duty=DutySpec(period="1 s", share=1e-9), end_s=120)
    spans = list(pace.plan(1e9))
    assert 120 <= sum(span.seconds for span in spans) < 125
