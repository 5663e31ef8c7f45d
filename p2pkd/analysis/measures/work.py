"""Whether the methods of a study are given the same work, or the same care: else it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pkd.analysis.io.run_set import RunSet, resolved

WORK = ("optimizer", "lr", "batch", "local_steps", "distill_steps")


def unequal_work(methods: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return a sentence on what an untuned study's *methods* differ in, of all that is `WORK`.

    *methods* has the section ``method`` of a resolved scenario for each label.  What a method does
    not have is no difference: who learns from nobody has no steps of distillation.  None where
    nothing differs.
    """
    differ = [key for key in WORK if _values(methods, key) > 1]
    if not differ:
        return None
    *most, last = differ
    named = f"{', '.join(most)} and {last} differ" if most else f"{last} differs"
    return (
        f"{named} between settings, and nothing is tuned here: they do unequal work or have had"
        " unequal care, and that may be what is measured; see 'Equal tuning budgets' in"
        " docs/studies.md"
    )


def unequal_work_of(results: RunSet, swept: Mapping[str, Any]) -> str | None:
    """Return the `unequal_work` of finished runs; *swept* is the study file's contents.

    None where the study tunes, or searches, what its methods have.
    """
    if "tune" in swept or "search" in swept:
        return None
    keys = [key for key in results.varied if not is_work(key)]
    methods = {}
    for run, label in zip(results, results.labels, strict=True):
        name = str([label.get(key) for key in keys])
        if name not in methods:
            methods[name] = resolved(run)["method"]
    return unequal_work(methods)


def is_work(key: str) -> bool:
    """Tell whether the dotted *key*, which a study varies on purpose, is `WORK` itself."""
    return key.startswith("method.learn.") and key.split(".")[2] in WORK


def _values(methods: Mapping[str, Mapping[str, Any]], key: str) -> int:
    found = [method["learn"][key] for method in methods.values() if key in method["learn"]]
    return len({repr(value) for value in found if value is not None})
