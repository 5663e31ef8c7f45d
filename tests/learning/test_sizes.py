"""What a specification says of a model's size is what the built model has."""

import pytest

from p2pkd.learning.architecture import build_architecture
from p2pkd.scenario.models import CnnSpec, LinearSpec, MlpSpec

SPECS = [
    LinearSpec(),
    MlpSpec(hidden=()),
    MlpSpec(hidden=(200, 200)),
    CnnSpec(),
    CnnSpec(channels=(3, 5, 7, 9, 11), dense=4),
]


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28)])
@pytest.mark.parametrize("spec", SPECS)
def test_parameters_are_counted_without_building(spec, shape):
    assert spec.count_parameters(shape, 10) == build_architecture(spec, shape, 10).n_parameters


def test_proxyfl_size():
    """Kalra et al. (2021): proxies of 784-200-200-10 have 199,210 parameters."""
    assert MlpSpec(hidden=(200, 200)).count_parameters((784,), 10) == 199_210
