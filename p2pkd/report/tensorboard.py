"""A run as TensorBoard shows it: scalars over simulated seconds and over bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from p2pkd.analysis.measures.communication import costs_over_time
from p2pkd.analysis.result import Result
from p2pkd.core.errors import InputError
from p2pkd.core.scores import in_words

POPULATION = (
    "accuracy_mean",
    "accuracy_std",
    "loss_mean",
    "disagreement",
    "ensemble_accuracy",
    "agents_accuracy_mean",
    "server_accuracy",
    "average_accuracy",
    "proxies_accuracy_mean",
    "accuracy_worst_decile",
    "own_classes_mean",
    "own_classes_worst_decile",
    "own_distribution_mean",
    "own_distribution_worst_decile",
    "online",
)
SPENT = ("wire_bytes", "payload_bytes", "energy_j", "gradient_steps")


def write_tensorboard(result: Result, folder: str | Path) -> Path:
    """Write the event file of *result* into *folder*, to be shown by ``tensorboard --logdir``.

    Steps are simulated seconds, and so is the "wall time" of an event, for the relative axis;
    under ``over_bytes`` steps are bytes on the wire.  Raise InputError where TensorBoard is not
    installed.
    """
    try:
        from tensorboard.summary import Writer
    except ImportError:
        raise InputError(
            "tensorboard: is not installed; pip install 'p2pkd[tensorboard]'"
        ) from None
    folder = Path(folder)
    writer = Writer(str(folder))
    for tag, values in scalars(result):
        for step, value in zip(values.index.tolist(), values.tolist(), strict=True):
            writer.add_scalar(tag, value, round(step), wall_time=float(step))
    writer.close()
    return folder


def scalars(result: Result) -> Iterator[tuple[str, pd.Series]]:
    """Yield the name and the values of each curve, indexed by its step."""
    population = result.population.set_index("time_s")
    # What the method delivers, by its name.
    yield f"delivered/{in_words(result.summary)}", population["accuracy_mean"]
    for name in POPULATION:
        if name in population and population[name].notna().any():
            yield f"population/{name}", population[name]
    spent = costs_over_time(result).set_index("time_s")
    for name in SPENT:
        yield f"spent/{name}", spent[name]
    yield "over_bytes/accuracy_mean", spent.set_index("wire_bytes")["accuracy_mean"]
    evaluations = result.evaluations
    device = result.agents.set_index("agent")["device"].astype(str)
    groups = evaluations.groupby([evaluations["agent"].map(device), "time_s"])["accuracy"].mean()
    for name in device.unique():
        yield f"accuracy_by_device/{name}", groups[name]
