"""Predictions that tell less of the private rows behind them."""

from __future__ import annotations

import math
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from p2pkd.core.errors import InputError
from p2pkd.scenario.method import PrivacySpec
from p2pkd.scenario.quantities import Strength

if TYPE_CHECKING:
    from torch import Tensor


class Gaussian(PrivacySpec):
    """Clips each row of numbers to L2 norm `clip` and adds Gaussian noise.

    A message of R rows is one query, and has norm `clip` sqrt(R) at most: that is by how much it
    changes when the agent's private data are there or not (adding or removing one *agent*; a single
    private row is protected at least as well).  The noise of each number has the standard deviation
    `noise` times that norm, so a message is a Gaussian mechanism with noise multiplier `noise`, and
    an agent's messages compose.  What an agent has spent after its last message is the epsilon of
    its row in `agents.parquet`, at `delta`, by the Renyi accountant of Google's dp-accounting
    package (the extra ``p2pkd[privacy]``).  What is decoded may leave the simplex; receivers clip
    and renormalise, which costs no privacy.
    """

    kind: Literal["gaussian"] = "gaussian"
    clip: Strength = 1.0
    noise: Strength = 1.0
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-5

    def deviation(self, rows: int) -> float:
        """Return the standard deviation of the noise of each number of a message of *rows* rows."""
        return self.noise * self.clip * math.sqrt(rows)

    def noised(self, values: Tensor, normals: Tensor) -> Tensor:
        """Return *values* ``(G, R, W)``, clipped row by row, plus *normals* of the same shape."""
        norm = values.square().sum(-1, keepdim=True).sqrt()
        clipped = values * (self.clip / norm.clamp_min(self.clip))
        return clipped + self.deviation(values.shape[-2]) * normals

    def check(self) -> None:
        """Raise InputError, naming what to install, where there is no accountant."""
        if find_spec("dp_accounting") is None:
            raise InputError(
                "method.send.privacy: needs the accountant of the package dp-accounting;"
                " install it with: pip install 'p2pkd[privacy]'"
            )

    def epsilon(self, messages: int) -> float:
        """Return the epsilon that *messages* of one agent have spent, at `delta`."""
        self.check()
        return _epsilon(self.noise, self.delta, messages) if messages else 0.0


@cache
def _epsilon(noise: float, delta: float, messages: int) -> float:
    from dp_accounting import GaussianDpEvent
    from dp_accounting.rdp import RdpAccountant

    accountant = RdpAccountant()
    accountant.compose(GaussianDpEvent(noise), messages)
    return float(accountant.get_epsilon(delta))
