"""Looking at what one model believes of reference rows, and at what a message tells of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from p2pkd.learning.api import Rows
from p2pkd.learning.state.screen import number_of
from p2pkd.learning.state.tables import take
from p2pkd.learning.state.versions import Payload, Version

Array = NDArray[np.float64]


def beliefs(learner: Any, version: Version, rows: Rows) -> Array:
    """Return the class probabilities ``(R, C)`` that *version* gives the reference rows *rows*.

    Neither a codec nor noise comes in between: nobody is told.
    """
    learner.flush()
    tables, architecture = learner.tables, learner.architecture(version)
    with torch.no_grad():
        flat = version.pool.data[version.row : version.row + 1, : architecture.n_parameters]
        seen = tables.sight.places(np.array([version.agent]), tables.index(rows[None]))
        outputs = architecture.forward(tables.deployed(flat), take(tables.reference_x, seen))
        return np.array(outputs.logits[0].double().softmax(-1).cpu())


def told(learner: Any, payload: Payload) -> tuple[Array, float] | None:
    """Return the class probabilities ``(R, C)`` in *payload*, and its sender's accuracy.

    The accuracy on private rows is nan unless it travels with the predictions.  None where the
    payload is not finite: it tells nothing.
    """
    learner.flush()
    if number_of(payload) is not None:
        return None
    tables, recipe = learner.tables, learner.recipe
    numbers = payload.pool.data[payload.row]
    values = numbers.view(-1, tables.width)[: len(payload.rows)]
    log_p = recipe.knowledge.log_probabilities(values, tables.n_classes)
    accuracy = float(numbers[-tables.width]) if recipe.measured else float("nan")
    return np.array(log_p.double().softmax(-1).cpu()), accuracy
