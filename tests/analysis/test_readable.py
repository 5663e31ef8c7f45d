import math

import pytest

from p2pkd.analysis.io.readable import count, joules, percent, seconds, size, time_scale


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (seconds(1200), "20 min"),
        (seconds(90), "90 s"),
        (seconds(0.25), "0.25 s"),
        (size(0), "0 B"),
        (size(999), "999 B"),
        (size(1_528_000), "1.53 MB"),
        (size(152_800_000), "153 MB"),
        (joules(108_057), "108 kJ"),
        (percent(0.8083), "80.8 %"),
        (percent(0.00018), "0.018 %"),
        (percent(0.0), "0.0 %"),
        (percent(math.nan), "–"),
        (size(None), "–"),
        (count(1234567), "1\u202f234\u202f567"),
    ],
)
def test_numbers_as_people_read_them(text: str, expected: str) -> None:
    assert text == expected


def test_the_unit_of_an_axis_leaves_some_numbers_on_it() -> None:
    assert [time_scale(t).unit for t in (10, 170, 240, 7200, 11000, 300_000)] == [
        *("s", "s", "min", "min", "h", "d")
    ]
