"""Small worlds to run without learning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simlog import Log

from p2pkd.core.rng import Streams


@pytest.fixture
def run():
    """Run a scenario given as plain data, without learning; returns (simulation, log)."""
    from p2pkd.engine.assemble import assemble
    from p2pkd.scenario.load import scenario_from_dict

    def run(values: dict[str, Any], **changes: Any):
        scenario = scenario_from_dict({**values, **changes})
        log = Log()
        simulation = assemble(scenario, Streams(scenario.seed), Path(), log, dry_run=True)
        simulation.run()
        return simulation, log

    return run


@pytest.fixture
def rng():
    return np.random.default_rng(0)
