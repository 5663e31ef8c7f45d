"""What computing costs a device beside FLOPs: something a step, and something a byte moved.

A gradient step takes overhead + FLOPs / rate + bytes / bandwidth: the three are added, since small
models overlap little.  Bytes follow from the model, 4 to a number, P parameters, S numbers of
optimiser state, A activations a row:

* a gradient step reads the parameters forward and backward, writes and reads the gradient, reads
  and writes parameters and state in the update: 6 P + 2 S numbers;
* each row of it writes and reads its activations forward, and twice that backward: 6 A numbers;
* a prediction reads the parameters, P numbers, and each of its rows 2 A;
* a merge reads the part and the sum and writes the sum: 3 P numbers a part.

Rows are those that the FLOPs count, so work that goes forward only counts a third here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from p2pkd.world.devices import DeviceTable

NUMBER_BYTES = 4
FORWARD_SHARE = 1 / 6
"""Of a gradient step's overhead, what a prediction or a merge has.

Measured with PyTorch on a CPU: .12 to .16 for a linear model and perceptrons, .22 for convolutions.
"""


class Traffic(NamedTuple):
    """The sizes of a model that decide how many bytes its computations move."""

    flops_forward: float
    parameters: int
    activation_floats: int
    """Of one row."""
    state_floats: int
    """Of the optimiser."""

    def bytes_moved(self, kind: str, flops: float, steps: int) -> float:
        """Return how many bytes a computation of *flops* moves; *steps* are its gradient steps."""
        if kind == "merge":
            return NUMBER_BYTES * 3 * (flops / 2)  # two operations a parameter of a part
        rows = flops / self.flops_forward  # forward passes, of which a gradient step has three
        activations = 2 * self.activation_floats * rows
        if not steps:
            return NUMBER_BYTES * (self.parameters + activations)
        own = 6 * self.parameters + 2 * self.state_floats
        return NUMBER_BYTES * (steps * own + activations)


class Efforts:
    """What each agent's computations are worth in FLOPs at its device's full rate."""

    def __init__(self, devices: DeviceTable, traffic: Sequence[Traffic]) -> None:
        self.traffic = traffic
        """Of each agent, now: widths may change."""
        rate = devices.flops_per_s
        self.flops_per_step: list[float] = (devices.overhead_s * rate).tolist()
        self.flops_per_byte: list[float] = (rate / devices.bytes_per_s).tolist()

    def of(
        self, agent: int, kind: str, flops: float, steps: int, traffic: Traffic | None = None
    ) -> float:
        """Return the FLOPs that would take *agent*'s device as long as this computation does.

        *traffic* is that of another model than its own.  Nothing to do takes no time.
        """
        if not (flops or steps):
            return 0.0
        model = self.traffic[agent] if traffic is None else traffic
        moved = model.bytes_moved(kind, flops, steps)
        calls = steps or FORWARD_SHARE
        return flops + calls * self.flops_per_step[agent] + moved * self.flops_per_byte[agent]


def make_efforts(devices: DeviceTable, traffic: Sequence[Traffic]) -> Efforts | None:
    """Return what computations cost beside FLOPs; None where that is nothing."""
    if not devices.overhead_s.any() and not (devices.bytes_per_s < float("inf")).any():
        return None
    return Efforts(devices, traffic)
