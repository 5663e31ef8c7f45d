"""Progress on stderr."""

import io

import pytest

from p2pkd.cli.progress import Progress, clock_text
from p2pkd.core.records import PopulationRecord


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def population(accuracy):
    return PopulationRecord(0.0, 4, 4, accuracy, 0.0, 1.0, 0.0, accuracy)


def test_a_plain_line_every_ten_seconds():
    clock, out = Clock(), io.StringIO()
    with Progress(1200.0, stream=out, clock=clock) as progress:
        for second in range(25):
            clock.now = float(second)
            progress.advance(20.0 * second, 100 * second)
            if second == 15:
                progress.population(population(0.712))
    assert out.getvalue().splitlines() == [
        "3:20 of 20:00 simulated, 100 events/s, 50 s left",
        "6:40 of 20:00 simulated, 100 events/s, mean accuracy 71.2 %, 40 s left",
    ]


def test_a_bar_on_a_terminal():
    clock, out = Clock(), Terminal()
    with Progress(100.0, stream=out, clock=clock) as progress:
        clock.now = 1.0
        progress.advance(50.0, 10)
    assert "50 s of 1:40 simulated, 10 events/s, 1 s left" in out.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (12.34, "12.3 s"), (300, "5:00"), (3905, "1:05:05")]
)
def test_clock_text(seconds, text):
    assert clock_text(seconds) == text
