"""Whether devices can hold their models; as much of it as a scenario alone can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from p2pkd.core.errors import InputError
from p2pkd.core.units import SIZE
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.catalogue import Device, resolve

FLOAT_BYTES = 4


def check_models(scenario: Scenario) -> None:
    """Raise InputError, by name, where a device cannot hold even the bare model and its gradient.

    Nothing is loaded or built; data sets whose shape only their files tell are passed over here,
    and looked at with everything else that needs memory when the world is built.
    """
    shape = scenario.data.dataset.known_shape()
    if shape is None:
        return
    groups, names, needs = [], [], []
    for device, group in zip(resolve(scenario.devices), scenario.devices, strict=True):
        count = group.model.count_parameters(*shape)
        size = float(FLOAT_BYTES * (count or 0))
        groups.append(device)
        names.append(group.model.tag_value)
        needs.append({"parameters": size, "gradient": size})
    check_memory(groups, names, needs)


def check_memory(
    groups: Sequence[Device], models: Sequence[str], needs: Sequence[Mapping[str, float]]
) -> None:
    """Raise InputError, naming every group whose device cannot hold what its agents need.

    *needs* has, for each group, the bytes of each part ("parameters", "activations", ...), and
    *models* what to call its model.
    """
    problems = [
        f"devices.{i}: device {device.name!r} ({_bytes(device.memory_bytes)}) cannot hold model "
        f"{model}: {' + '.join(f'{part} {_bytes(size)}' for part, size in need.items())} = "
        f"{_bytes(sum(need.values()))}; take a smaller model or batch, or a larger device"
        for i, (device, model, need) in enumerate(zip(groups, models, needs, strict=True))
        if sum(need.values()) > device.memory_bytes
    ]
    if problems:
        raise InputError("\n".join(problems))


def _bytes(size: float) -> str:
    """Return *size* with three digits in a decimal unit."""
    unit = next((u for u in ("GB", "MB", "kB") if size >= SIZE.units[u]), "B")
    return f"{size / SIZE.units[unit]:.3g} {unit}"
