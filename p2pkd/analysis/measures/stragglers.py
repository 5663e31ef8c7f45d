"""How long fast agents wait for slow ones, where they go in step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from p2pkd.analysis.io.run_data import RunData
from p2pkd.core.records import DELIVERED

Array = NDArray[np.float64]
EPSILON_S = 1e-9


def rounds(result: RunData) -> pd.DataFrame:
    """Return a row per agent and synchronous round it took part in.

    Columns ``round``, ``agent``, ``started_s`` (of the round), ``own_s`` (until the agent's last
    computation ended and its last message arrived or was given up) and ``wait_s``: from then until
    all others had come as far, which is what a round waits for.  Empty where agents have clocks of
    their own: they wait for nobody.

    A round begins when everything is over, no sooner than a period after the one before, and with
    somebody who neither goes on with a turn nor answers a message just heard.
    """
    every = _period(result)
    if every is None:
        return pd.DataFrame(columns=["round", "agent", "started_s", "own_s", "wait_s"])
    work = _activity(result)
    starts = np.array(list(_starts(work, _prompts(result), every)))
    number = np.searchsorted(starts, work[:, 1], side="right") - 1
    table = pd.DataFrame({"round": number, "agent": work[:, 0].astype(int), "ended_s": work[:, 2]})
    own = table.groupby(["round", "agent"], as_index=False)["ended_s"].max()
    rest = own.groupby("round")["ended_s"].transform("max")
    started = starts[own["round"].to_numpy()]
    return pd.DataFrame(
        {
            "round": own["round"],
            "agent": own["agent"],
            "started_s": started,
            "own_s": own["ended_s"] - started,
            "wait_s": rest - own["ended_s"],
        }
    )


def straggler_wait(result: RunData) -> pd.Series:
    """Return the seconds that each agent waited for slower ones, in all; indexed by agent."""
    agents = pd.Index(result.agents["agent"], name="agent")
    waits = rounds(result).groupby("agent")["wait_s"].sum()
    return waits.reindex(agents, fill_value=0.0).astype(float)


def _period(result: RunData) -> float | None:
    """Return the rounds' least length, s; None where the clock is another."""
    from ruamel.yaml import YAML

    from p2pkd.core.units import DURATION

    resolved = YAML(typ="safe", pure=True).load(result.resolved_text) or {}
    gossip = resolved.get("method", {}).get("gossip", {})
    return DURATION.parse(gossip["every"]) if gossip.get("clock") == "rounds" else None


def _activity(result: RunData) -> Array:
    """Return agent, start and end of everything done, shape ``(n, 3)``, in order of the start."""
    compute = result.compute[["agent", "started_s", "ended_s"]].to_numpy(dtype=float)
    messages = result.messages[["sender", "sent_s", "ended_s"]].to_numpy(dtype=float)
    work = np.concatenate([compute, messages])
    return np.asarray(work[np.argsort(work[:, 1], kind="stable")])


def _prompts(result: RunData) -> set[tuple[int, float]]:
    """Return who had a reason to go on when: a computation ended, or a message was delivered."""
    compute, messages = result.compute, result.messages
    heard = messages[messages["status"].astype(str) == DELIVERED]
    ended = [*zip(compute["agent"].tolist(), compute["ended_s"].tolist(), strict=True)]
    ended += zip(heard["receiver"].tolist(), heard["ended_s"].tolist(), strict=True)
    return set(ended)


def _starts(work: Array, prompts: set[tuple[int, float]], every: float) -> Iterator[float]:
    # Of those who begin at the same time the unprompted come first.
    rows = [(start, (int(agent), start) in prompts, end) for agent, start, end in work.tolist()]
    over, due = -np.inf, -np.inf
    for start, prompted, end in sorted(rows):
        if not prompted and start >= over - EPSILON_S and start >= due - EPSILON_S:
            due = start + every
            yield start
        over = max(over, end)
