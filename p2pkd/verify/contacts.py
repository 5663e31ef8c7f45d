"""Who contacted whom, in a scenario run without learning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from p2pkd.core.records import DELIVERED, MessageRecord, Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.engine.message import REQUEST
from p2pkd.engine.simulation import Simulation
from p2pkd.scenario.load import scenario_from_dict

ROUND_S = 1.0


class Contacts(Observer):
    """Keeps sender, receiver and time of each message that carried knowledge and arrived."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, int, int, int]] = []

    def message(self, record: MessageRecord) -> None:
        """Keep the record's ends and time."""
        if record.status == DELIVERED and record.kind != REQUEST:
            self.rows.append(
                (record.sent_s, record.sender, record.receiver, int(record.replies_to >= 0))
            )

    def table(self) -> NDArray[np.float64]:
        """Return sent_s, sender, receiver and whether it was a reply, ``(n, 4)``, by time."""
        rows = np.array(self.rows, np.float64).reshape(-1, 4)
        return rows[np.argsort(rows[:, 0], kind="stable")]


def scenario(n: int, rounds: int, gossip: dict[str, Any], *, loss: str = "0 %") -> dict[str, Any]:
    """Return a scenario of *n* agents that only talk, a round (or period) a second.

    Its graph is a ring; by default peers are any agents at all, as on a complete graph.
    """
    return {
        "name": "verify",
        "duration": f"{rounds * ROUND_S - 0.25} s",
        "agents": n,
        "topology": "ring",
        "links": {
            "transport": "instant",
            "latency": {"kind": "constant", "value": "1 us"},
            "loss": loss,
        },
        "devices": [{"profile": "server", "flops": "1000 TFLOP/s", "model": "linear"}],
        "data": {
            "dataset": {
                "kind": "synthetic",
                "rows": 4 * n + 100,
                "features": 2,
                "classes": 2,
            },
            "reference": {"rows": 10},
            "partition": {"kind": "iid", "min_rows": 1},
        },
        "method": {
            "send": {"rows": 10},
            "gossip": {"clock": "rounds", "every": f"{ROUND_S} s", "peers": "anyone", **gossip},
            "learn": {"objective": "local", "local_steps": 0},
        },
    }


def run(values: dict[str, Any], seed: int = 0) -> tuple[NDArray[np.float64], Simulation]:
    """Run the scenario without learning; return its contacts and the simulation."""
    parsed = scenario_from_dict({**values, "seed": seed})
    contacts = Contacts()
    simulation = assemble(parsed, Streams(seed), Path(), contacts, dry_run=True)
    simulation.run()
    return contacts.table(), simulation


def by_round(contacts: NDArray[np.float64], rounds: int) -> list[NDArray[np.int64]]:
    """Return the senders and receivers ``(m, 2)`` of each round."""
    number = np.floor(contacts[:, 0] / ROUND_S).astype(int)
    cuts = np.searchsorted(number, np.arange(1, rounds))
    return np.split(contacts[:, 1:3].astype(np.int64), cuts)
