"""p2pkd: a simulator of decentralised, peer-to-peer knowledge distillation.

>>> import p2pkd
>>> result = p2pkd.simulate("scenarios/quickstart.yaml")  # doctest: +SKIP
>>> result.plot_accuracy()  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from p2pkd.analysis.result import Result
    from p2pkd.run import simulate
    from p2pkd.scenario.load import load_scenario

__version__ = "0.1.0"
__all__ = ["Result", "__version__", "load_scenario", "simulate"]

# Imported when first asked for: `import p2pkd` must not wait for torch and pandas.
_HOMES = {
    "Result": "p2pkd.analysis.result",
    "load_scenario": "p2pkd.scenario.load",
    "simulate": "p2pkd.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'p2pkd' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
