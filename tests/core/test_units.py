"""Units: exact, both ways, with an error that says what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pkd.core import units
from p2pkd.core.units import DURATION, ENERGY_PER_SIZE, RATE, SIZE, Dimension

DIMENSIONS = [value for value in vars(units).values() if isinstance(value, Dimension)]


@pytest.mark.parametrize(
    ("dimension", "text", "value"),
    [
        (DURATION, "60 ms", 0.06),
        (DURATION, "20min", 1200),
        (DURATION, "1e3 us", 0.001),
        (RATE, "20 Mbit/s", 2.5e6),
        (RATE, "1 kB/s", 1000),
        (SIZE, "64 KiB", 65536),
        (SIZE, "1_000 B", 1000),
        (ENERGY_PER_SIZE, "5 J/MB", 5e-6),
    ],
)
def test_reads(dimension, text, value):
    assert dimension.parse(text) == value


@pytest.mark.parametrize("text", ["60", "60 parsecs", "fast", "", "s", "1 2 s"])
def test_refuses_with_an_example(text):
    with pytest.raises(ValueError, match=r"30 s|takes s, ms"):
        DURATION.parse(text)


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda d: d.name)
@given(value=st.floats(0, 1e15, allow_subnormal=False))
def test_what_is_written_is_read_back_exactly(dimension, value):
    assert dimension.parse(dimension.format(value)) == value


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda d: d.name)
def test_examples_are_valid(dimension):
    assert dimension.parse(dimension.example) > 0
