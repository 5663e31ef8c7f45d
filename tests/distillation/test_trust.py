"""What agents learn about their teachers is kept in their versions."""

import numpy as np
import torch


def test_each_version_remembers_for_itself(run):
    """Trust is kept by sender, in the rows of the agents, and groups do not mix it up."""
    method = {
        "preset": "learned-weights",
        "gossip": {"every": "10 s"},
        "teachers": {"weights": {"kind": "learned", "pull": 0.1}},
    }
    kept = []
    for executor in ("grouped", "loop"):
        simulation, _ = run(method, numbers=True, execution={"executor": executor})
        learner = simulation.shared.learner
        learner.flush()
        rows = [agent.version.pool.data[agent.version.row] for agent in simulation.agents]
        kept.append(torch.stack([row[-6:] for row in rows]).numpy())
    np.testing.assert_array_equal(*kept)
    ring = [[(i - j) % 6 in (1, 5) for j in range(6)] for i in range(6)]
    np.testing.assert_array_equal(kept[0] != 0, ring)
    # What one loses, the others gain.
    np.testing.assert_allclose(kept[0].sum(1), 0, atol=1e-6)
