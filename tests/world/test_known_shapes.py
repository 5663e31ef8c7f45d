"""What specifications say of data without reading it is what loading finds."""

from pathlib import Path

import pytest

from p2pkd.core.errors import InputError
from p2pkd.core.rng import Streams
from p2pkd.scenario.data import Bundled, DataSpec, Digits, Synthetic
from p2pkd.scenario.load import scenario_from_dict
from p2pkd.world.data import build_data
from p2pkd.world.memory import check_models

BUNDLED = [Bundled(name=name) for name in ("iris", "wine", "breast_cancer", "digits")]


@pytest.mark.parametrize("spec", [Digits(), Synthetic(features=7, classes=3), *BUNDLED])
def test_shapes(spec):
    data = build_data(DataSpec(dataset=spec, reference={"rows": 20}), 4, Streams(0), Path())
    assert spec.known_shape() == (data.input_shape, data.n_classes)


def test_a_model_too_big_for_its_device_is_refused_by_name():
    tiny = {"name": "mote", "flops": "1 MFLOP/s", "memory": "20 kB"}
    tiny |= {"uplink": "1 kB/s", "downlink": "1 kB/s", "model": {"kind": "mlp", "hidden": [64]}}
    scenario = scenario_from_dict({"duration": "1 min", "agents": 4, "devices": [tiny]})
    with pytest.raises(
        InputError, match=r"devices.0: device 'mote' \(20 kB\) cannot hold model mlp"
    ):
        check_models(scenario)
