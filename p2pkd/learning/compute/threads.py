"""How many threads a call is worth: found out by trying, since it depends on who else computes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

# How fast a new time replaces what was known, and how many calls pass between two trials of what
# seems slower: at first, and at most; the more in vain a trial was, the later is the next.
_RATE, _SOON, _LATE = 0.3, 8, 512


@dataclass
class _Known:
    """Seconds an item of one kind of call takes, by the number of threads."""

    seconds: dict[int, float] = field(default_factory=dict)
    pause: int = _SOON
    until_trial: int = _SOON


class ThreadChoice:
    """Chooses between one thread and *most* for each kind of call.

    On an idle machine PyTorch's threads save a third of a wide call.  On a busy one they wait for
    each other at every operation, which can take ten times as long as one thread alone.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._known: dict[Hashable, _Known] = {}

    def threads(self, kind: Hashable) -> int:
        """Return how many threads the next call of *kind* shall have."""
        if self.most == 1:
            return 1
        known = self._known.setdefault(kind, _Known())
        for untried in (1, self.most):
            if untried not in known.seconds:
                return untried
        better = min(known.seconds, key=known.seconds.__getitem__)
        known.until_trial -= 1
        return better if known.until_trial else self.most + 1 - better

    def took(self, kind: Hashable, threads: int, seconds: float) -> None:
        """Take note that an item of a call of *kind* took *seconds*."""
        known = self._known.get(kind)
        if known is None:
            return
        before = known.seconds.get(threads)
        known.seconds[threads] = seconds if before is None else before + _RATE * (seconds - before)
        if not known.until_trial:
            self._after_trial(known, threads, seconds)

    @staticmethod
    def _after_trial(known: _Known, threads: int, seconds: float) -> None:
        other = min(taken for n, taken in known.seconds.items() if n != threads)
        worse = (seconds / other) ** 2
        known.pause = _SOON if worse < 1 else min(int(known.pause * max(2.0, worse)), _LATE)
        # What is tried counts as it is now, not as it was at the last trial.
        known.seconds[threads] = seconds
        known.until_trial = known.pause
