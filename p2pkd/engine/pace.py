"""How fast a device computes: piecewise constant in time, by duty cycle and temperature."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from p2pkd.scenario.devices import DutySpec, ThrottlingSpec


class Span(NamedTuple):
    """A time during which the rate does not change."""

    seconds: float
    flops_per_s: float


class Pace:
    """The rate of a device whose full rate is *flops_per_s*.

    *phase* is how far into its duty period the device is at time 0, as a share.  `heat` counts the
    seconds of computing, less what has cooled off since; it decides on the throttling factor.
    Nothing is planned beyond *end_s*, when the run is over.
    """

    def __init__(
        self,
        flops_per_s: float,
        throttling: ThrottlingSpec | None = None,
        duty: DutySpec | None = None,
        phase: float = 0.0,
        end_s: float = math.inf,
    ) -> None:
        self.end_s = end_s
        self.flops_per_s = flops_per_s
        self.duty = duty
        self.phase = phase
        self.cooling = 1.0 if throttling is None else throttling.cooling
        self.curve = () if throttling is None else throttling.curve
        self.heat = 0.0
        self.as_of_s = 0.0

    def rest(self, until_s: float) -> None:
        """Cool from the last computation's end until *until_s*."""
        self.heat = max(0.0, self.heat - self.cooling * (until_s - self.as_of_s))
        self.as_of_s = until_s

    def work(self, until_s: float) -> list[Span]:
        """Compute from `as_of_s` until *until_s*; return what was done."""
        done, left = [], until_s - self.as_of_s
        for span, heat in self._spans():
            seconds = min(span.seconds, left)
            done.append(Span(seconds, span.flops_per_s))
            left -= seconds
            if left <= 0:
                self.heat = self._heat_after(heat, seconds, span.flops_per_s)
                break
        self.as_of_s = until_s
        return done

    def plan(self, flops: float) -> Iterator[Span]:
        """Yield the spans that it takes to compute *flops* from `as_of_s` on.

        Where that is not done by the run's end, they are those until some time after it.
        """
        time = self.as_of_s
        for span, _ in self._spans():
            if time > self.end_s:
                break
            time += span.seconds
            if span.seconds * span.flops_per_s >= flops:
                yield Span(flops / span.flops_per_s if flops else 0.0, span.flops_per_s)
                break
            flops -= span.seconds * span.flops_per_s
            yield span

    def _spans(self) -> Iterator[tuple[Span, float]]:
        """Yield the spans from `as_of_s` on, for ever, each with the heat at its start."""
        time, heat = self.as_of_s, self.heat
        while True:
            on, until_edge = self._duty(time)
            factor, until_hotter = self._factor(heat)
            rate = self.flops_per_s * factor if on else 0.0
            seconds = min(until_edge, until_hotter) if on else until_edge
            yield Span(seconds, rate), heat
            heat = self._heat_after(heat, seconds, rate)
            time += seconds

    def _heat_after(self, heat: float, seconds: float, rate: float) -> float:
        return heat + seconds if rate else max(0.0, heat - self.cooling * seconds)

    def _factor(self, heat: float) -> tuple[float, float]:
        """Return the throttling factor at *heat*, and how far the next one is."""
        factor = 1.0
        for after, reduced in self.curve:
            # A sum of spans may miss its threshold by a rounding error.
            if after > heat * (1 + 1e-12) + 1e-12:
                return factor, after - heat
            factor = reduced
        return factor, math.inf

    def _duty(self, time: float) -> tuple[bool, float]:
        """Return whether the duty cycle is on at *time*, and how long that lasts."""
        if self.duty is None:
            return True, math.inf
        period, on_s = self.duty.period, self.duty.period * self.duty.share
        place = (time + self.phase * period) % period
        for edge, on in ((on_s, True), (period, False)):
            if place < edge - 1e-12 * max(period, time):
                return on, edge - place
        return True, on_s
