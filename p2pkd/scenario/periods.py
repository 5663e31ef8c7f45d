"""Whether what happens again and again comes to an end within a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from p2pkd.core.units import DURATION
from p2pkd.scenario.base import Spec
from p2pkd.scenario.quantities import Quantity

# Of a thing that repeats, in a run: more takes days to compute, or never ends since the next time
# is, rounded, the same.
MOST = 10**8


def period_misfits(spec: Spec, duration: float, key: str = "") -> Iterator[str]:
    """Yield ``evaluate.every: 1 us, ...`` for all that repeats too often in *duration*."""
    for name, field in type(spec).model_fields.items():
        value, place = getattr(spec, name), f"{key}.{name}" if key else name
        if isinstance(value, Spec):
            yield from period_misfits(value, duration, place)
        elif isinstance(value, tuple):
            for i, item in enumerate(value):
                if isinstance(item, Spec):
                    yield from period_misfits(item, duration, f"{place}.{i}")
        elif _too_often(value, duration) and _repeats(field.annotation, field.metadata):
            least = DURATION.format(duration / MOST)
            yield (
                f"{place}: {DURATION.format(value)}, which is more than a hundred million times in"
                f" a run of {DURATION.format(duration)}; take {least} at least, or a shorter run"
            )


def _too_often(value: Any, duration: float) -> bool:
    return isinstance(value, float) and value * MOST < duration


def _repeats(annotation: Any, metadata: list[Any]) -> bool:
    """Tell whether a field, or an alternative of it, is a `Quantity` that repeats."""
    if any(isinstance(part, Quantity) and part.repeats for part in metadata):
        return True
    parts = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _repeats(parts[0], list(parts[1:]))
    return any(_repeats(part, []) for part in parts)
