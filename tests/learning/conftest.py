"""A learner to record operations with."""

import pytest
from toys import make_learner


@pytest.fixture
def learner():
    return make_learner()
