"""Links and a logging wire for the transport tests."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class PlainLinks:
    """Access links as plain arrays; one latency for all pairs, except those in `pairs`."""

    uplink: NDArray[np.float64]
    downlink: NDArray[np.float64]
    latency_s: float = 0.0
    pairs: dict[tuple[int, int], float] = field(default_factory=dict)

    def latency(self, a, b):
        return self.pairs.get((a, b), self.latency_s)


class Wire:
    """A transport with a log: ``(time, name)`` of every arrival, in order."""

    def __init__(self, env, transport):
        self.env, self.transport, self.log = env, transport, []

    def send(self, name, source, target, size_bytes, at=None, extra_latency_s=0.0):
        """Send now, or *at* a later time."""
        if at is not None:
            event = self.env.timeout(at - self.env.now)
            event.callbacks.append(
                lambda _: self.send(name, source, target, size_bytes, None, extra_latency_s)
            )
            return None
        return self.transport.start(source, target, size_bytes, self._note(name), extra_latency_s)

    def _note(self, name):
        return lambda transfer: self.log.append((self.env.now, name))

    def at(self, time_s, action):
        self.env.timeout(time_s - self.env.now).callbacks.append(lambda _: action())

    @property
    def ends(self):
        return {name: time for time, name in self.log}
