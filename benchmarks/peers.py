"""The same gossip learning here and in another simulator: exchanges a second, in one run.

    python benchmarks/peers.py --gossipy PATH [--agents 100 500] [--rounds 100]

PATH is a checkout of github.com/makgyver/gossipy (Apache 2.0), which needs torch, scikit-learn,
pandas, rich and dill; torchvision, which it imports but this comparison does not use, is stubbed.

Both sides do the same work: parameter gossip by push, merge by a plain average, then one step of
plain SGD with a batch of 32 on the receiver's own 32 rows; perceptrons 64-64-10 on one 8-regular
graph; instant delivery; no evaluation.  The counters of messages must be equal, or nothing is
reported.  Simulation alone is timed, not the making of data and agents.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import types
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import torch

from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.scenario.load import scenario_from_dict

PERIOD, ROWS, DEGREE, LR = 100, 32, 8, 0.05


def ours(agents: int, rounds: int, threads: int | None) -> tuple[int, float]:
    """Return messages delivered and seconds taken by this package."""
    scenario = scenario_from_dict(
        {
            "duration": f"{PERIOD * rounds} s",
            "agents": agents,
            "topology": {"kind": "random_regular", "k": DEGREE},
            "links": {"transport": "instant", "latency": {"kind": "constant", "value": "0 s"}},
            "devices": [{"profile": "server", "model": {"kind": "mlp", "hidden": [64]}}],
            "data": {
                "dataset": {
                    "kind": "synthetic",
                    "rows": ROWS * agents + 200,
                    "features": 64,
                    "classes": 10,
                },
                "reference": {"rows": 100},
                "test": 100 / (ROWS * agents + 200),
            },
            "method": {
                "preset": "gossip-learning",
                "gossip": {"every": f"{PERIOD} s", "jitter": 0},
                "learn": {
                    "objective": "merge",
                    "mixing": "uniform",
                    "when": "receive",
                    "local_steps": 1,
                    "batch": 32,
                    "lr": LR,
                },
            },
            "evaluate": {"every": "1000 h", "sample": 1},
            "execution": {"threads": threads},
        }
    )
    simulation = assemble(scenario, Streams(0), Path(), Observer())
    start = time.perf_counter()
    simulation.run()
    seconds = time.perf_counter() - start
    steps = sum(books.train_steps for books in simulation.books)
    delivered = sum(books.delivered for books in simulation.books)
    assert steps == delivered, "one step for each message"
    return delivered, seconds


def gossipy(agents: int, rounds: int) -> tuple[int, float]:
    """Return messages delivered and seconds taken by gossipy."""
    from gossipy import set_seed
    from gossipy.core import (
        AntiEntropyProtocol,
        ConstantDelay,
        CreateModelMode,
        StaticP2PNetwork,
    )
    from gossipy.data import DataDispatcher
    from gossipy.data.handler import ClassificationDataHandler
    from gossipy.model.handler import TorchModelHandler
    from gossipy.model.nn import TorchMLP
    from gossipy.node import GossipNode
    from gossipy.simul import GossipSimulator, SimulationReport

    set_seed(0)
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(ROWS * agents, 64)).astype(np.float32))
    y = torch.from_numpy(rng.integers(0, 10, ROWS * agents))
    handler = ClassificationDataHandler(x, y, test_size=0.0)
    data = DataDispatcher(handler, n=agents, eval_on_user=False, auto_assign=True)
    graph = nx.to_numpy_array(nx.random_regular_graph(DEGREE, agents, seed=0))
    proto = TorchModelHandler(
        net=TorchMLP(64, 10, (64,)),
        optimizer=torch.optim.SGD,
        optimizer_params={"lr": LR},
        criterion=torch.nn.CrossEntropyLoss(),
        local_epochs=0,
        batch_size=32,
        create_model_mode=CreateModelMode.MERGE_UPDATE,
    )
    nodes = GossipNode.generate(
        data_dispatcher=data,
        p2p_net=StaticP2PNetwork(agents, graph),
        model_proto=proto,
        round_len=PERIOD,
        sync=True,
    )
    simulator = GossipSimulator(
        nodes=nodes,
        data_dispatcher=data,
        delta=PERIOD,
        protocol=AntiEntropyProtocol.PUSH,
        delay=ConstantDelay(0),
        online_prob=1.0,
        drop_prob=0.0,
        sampling_eval=0.0,
    )
    report = SimulationReport()
    simulator.add_receiver(report)
    simulator.init_nodes(seed=0)
    start = time.perf_counter()
    simulator.start(n_rounds=rounds)
    seconds = time.perf_counter() - start
    return report._sent_messages - report._failed_messages, seconds


def stub_torchvision() -> None:
    """Let gossipy import torchvision, none of which is used here."""
    for name in ("torchvision", "torchvision.datasets", "torchvision.transforms"):
        sys.modules.setdefault(name, types.ModuleType(name))
    vision: Any = sys.modules["torchvision"]
    vision.datasets = sys.modules["torchvision.datasets"]
    vision.transforms = sys.modules["torchvision.transforms"]


def main() -> None:
    """Print both rates and their ratio for each number of agents; medians of alternating runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gossipy", type=Path, required=True, help="a checkout of gossipy")
    parser.add_argument("--agents", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=None, help="ours; default: all cores")
    options = parser.parse_args()
    stub_torchvision()
    sys.path.insert(0, str(options.gossipy))
    torch.set_num_threads(1)
    print(f"{'agents':>7} {'messages':>9} {'gossipy/s':>10} {'p2pkd/s':>10} {'ratio':>7}")
    for agents in options.agents:
        theirs, mine = [], []
        for _ in range(options.repeat):
            sent, seconds = gossipy(agents, options.rounds)
            theirs.append(sent / seconds)
            delivered, seconds = ours(agents, options.rounds, options.threads)
            mine.append(delivered / seconds)
            assert sent == delivered, f"gossipy delivered {sent} messages, p2pkd {delivered}"
        a, b = statistics.median(theirs), statistics.median(mine)
        print(f"{agents:7d} {sent:9d} {a:10.0f} {b:10.0f} {b / a:7.1f}", flush=True)


if __name__ == "__main__":
    main()
