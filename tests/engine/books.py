"""Books that must balance: what agents counted against what records say."""

import math
from collections import Counter
from itertools import pairwise

FATES = ("delivered", "lost", "aborted", "in_flight")


def check(simulation, log):
    """Assert that nothing was lost, in messages, in bytes, in time and in energy."""
    messages, agents = log.of("MessageRecord"), log.of("AgentRecord")
    numbers = [m.message for m in messages]
    assert sorted(numbers) == list(range(simulation.network.sent)), "each message has one fate"
    assert not simulation.network.open
    fates = Counter((m.sender, m.status) for m in messages)
    for a in agents:
        counts = [getattr(a, f"messages_{fate}") for fate in FATES]
        assert counts == [fates[a.agent, fate] for fate in FATES]
        assert a.messages_sent == sum(counts)
        mine = [m for m in messages if m.sender == a.agent]
        heard = [m for m in messages if m.receiver == a.agent and m.status == "delivered"]
        assert a.messages_received == len(heard)
        assert a.payload_bytes == sum(m.payload_bytes for m in mine)
        assert a.wire_bytes == sum(m.wire_bytes for m in mine)
        assert a.received_bytes == sum(m.payload_bytes + m.header_bytes for m in heard)
    check_messages(messages)
    check_computations(simulation, log)


def check_messages(messages):
    for m in messages:
        size = m.payload_bytes + m.header_bytes
        assert m.sent_s <= m.ended_s
        assert 0 <= m.retransmitted_bytes <= m.wire_bytes <= m.retransmitted_bytes + size
        if m.status in ("delivered", "lost"):
            assert m.wire_bytes == m.retransmitted_bytes + size


def check_computations(simulation, log):
    jobs = log.of("ComputeRecord")
    away = absences(log, simulation.env.now)
    for a in log.of("AgentRecord"):
        mine = sorted((j.started_s, j.ended_s, j.energy_j) for j in jobs if j.agent == a.agent)
        busy = sum(end - start for start, end, _ in mine)
        if simulation.agents[a.agent].device.pace is None:
            assert math.isclose(a.computing_s, busy, abs_tol=1e-9)
        assert a.computing_s <= busy + 1e-9
        assert math.isclose(a.compute_energy_j, sum(e for *_, e in mine), abs_tol=1e-9)
        assert a.computing_s <= a.online_s + 1e-9
        off = sum(end - start for start, end in away.get(a.agent, ()))
        assert math.isclose(a.online_s, simulation.env.now - off, abs_tol=1e-9)
        for (_, end, _), (start, _, _) in pairwise(mine):
            assert end <= start + 1e-9, "a device computes one thing at a time"
        for gone, back in away.get(a.agent, ()):
            assert not any(start < back and end > gone for start, end, _ in mine)
    for m in log.of("MessageRecord"):
        for who in (m.sender, m.receiver):
            for gone, back in away.get(who, ()):
                if m.status == "delivered" or who == m.sender:
                    assert not (gone < m.sent_s < back), "the offline do not send"
                if m.status == "delivered":
                    assert not (m.sent_s < back and gone < m.ended_s), "nor receive"


def absences(log, now):
    """Return the spans of absence of each agent."""
    spans, gone = {}, {}
    for p in log.of("PresenceRecord"):
        if p.online:
            spans.setdefault(p.agent, []).append((gone.pop(p.agent), p.time_s))
        else:
            gone[p.agent] = p.time_s
    for agent, time in gone.items():
        spans.setdefault(agent, []).append((time, now))
    return spans
