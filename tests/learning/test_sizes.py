"""What a specification says of a model's size is what the built model has."""

import pytest

from p2pkd.learning.models.build import build_architecture
from p2pkd.scenario.models import CnnSpec, LinearSpec, MlpSpec

SPECS = [
    LinearSpec(),
    MlpSpec(hidden=()),
    MlpSpec(hidden=(200, 200)),
    CnnSpec(),
    CnnSpec(channels=(3, 5, 7, 9, 11), dense=4),
    CnnSpec(padding="valid", norm="none", pool="last", bias=False),
    CnnSpec(channels=(4, 3), padding="valid", bias=False),
    CnnSpec(norm="none", pool="last"),
]


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28)])
@pytest.mark.parametrize("spec", SPECS)
def test_parameters_are_counted_without_building(spec, shape):
    assert spec.count_parameters(shape, 10) == build_architecture(spec, shape, 10).n_parameters


def test_proxyfl_size():
    """Kalra et al. (2021): proxies of 784-200-200-10 have 199,210 parameters."""
    assert MlpSpec(hidden=(200, 200)).count_parameters((784,), 10) == 199_210


def test_jeong_size():
    """Jeong et al. (2018), Table 1: two convolutions, one pooling, two dense layers; weights."""
    spec = CnnSpec(
        channels=(32, 64), dense=128, padding="valid", norm="none", pool="last", bias=False
    )
    layers = 9 * 32 + 9 * 32 * 64 + 12 * 12 * 64 * 128 + 128 * 10
    assert spec.count_parameters((1, 28, 28), 10) == layers == 1_199_648
