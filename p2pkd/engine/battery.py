"""A battery: how much is left, and exactly when it will be empty."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import simpy


class Battery:
    """The store of one agent, with *capacity_j* joules at the start.

    Power is piecewise constant: spans known beforehand, then `idle_w` until told otherwise.
    Sending and receiving take their energy at once, when a message's fate is known.  *die* is
    called at the instant at which nothing is left.
    """

    def __init__(
        self, env: simpy.Environment, capacity_j: float, idle_w: float, die: Callable[[], None]
    ) -> None:
        self.env = env
        self.left_j = capacity_j
        self.idle_w = idle_w
        self.die = die
        self.empty = False
        self._power_w = idle_w
        self._spans: deque[tuple[float, float]] = deque()
        self._as_of_s = env.now
        self._armed_s = float("inf")
        self._arm()

    def follow(self, spans: Iterable[tuple[float, float]]) -> None:
        """Draw, from now on, so many seconds so many watts each, and then idle power."""
        self._settle()
        self._power_w = self.idle_w
        self._spans = deque(spans)
        self._arm()

    def switch_off(self) -> None:
        """Draw nothing from now on."""
        self._settle()
        self._power_w = 0.0
        self._spans.clear()

    def take(self, energy_j: float) -> None:
        """Take *energy_j* at once."""
        self._settle()
        self.left_j -= energy_j
        self._arm()

    def _settle(self) -> None:
        """Account for the time since the last change."""
        left = self.env.now - self._as_of_s
        self._as_of_s = self.env.now
        while left > 0 and self._spans:
            seconds, power = self._spans.popleft()
            spent = min(seconds, left)
            left -= spent
            self.left_j -= power * spent
            if spent < seconds:
                self._spans.appendleft((seconds - spent, power))
        self.left_j -= self._power_w * left

    def _end_s(self) -> float:
        """Return when it will be empty; infinite if never."""
        time, left = self._as_of_s, self.left_j
        if left <= 0:
            return time
        for seconds, power in self._spans:
            if power * seconds >= left:
                return time + left / power
            left -= power * seconds
            time += seconds
        return time + left / self._power_w if self._power_w else float("inf")

    def _arm(self) -> None:
        # An alarm that has come to be too early stays, and sets the next one when it rings.
        end = self._end_s()
        if not self.empty and end < self._armed_s:
            self._armed_s = end
            alarm = self.env.timeout(end - self.env.now, end)
            alarm.callbacks.append(self._ring)

    def _ring(self, alarm: simpy.Event) -> None:
        if self.empty or alarm.value != self._armed_s:
            return
        self._armed_s = float("inf")
        # What is left after a sum of many spans may be a rounding error.
        if self._end_s() <= self.env.now * (1 + 1e-12):
            self._settle()
            self.empty = True
            self.die()
        else:
            self._arm()
