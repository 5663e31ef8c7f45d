"""Makes p2pkd/verify/data/ns3_cases.json: messages over TCP as ns-3 simulates them.

Needs the `ns3` wheel, in an environment of its own (``pip install ns3 networkx``), since it is no
dependency of the project: ``python benchmarks/ns3_cases.py OUT.json``.  Settings: TCP CUBIC,
segments of 1,448 bytes, ten of them at first, buffers of 8 MB, drop-tail queues of 100 packets
before every link (no queueing discipline above them), routes by fewest hops.

A case: `name`; `links`, each [a, b, bytes/s, s]; `flows`, each [source, target, bytes, start s,
seconds until the last byte was read].
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
from ns import ns

STEP_S = 0.001
PORT = 9
Case = dict[str, Any]


def one_link() -> Iterator[Case]:
    """A message alone on a link: three rates, three delays, three sizes."""
    for rate in (1e6, 5e6, 20e6):
        for delay in (0.005, 0.03, 0.15):
            for size in (10_000, 100_000, 1_000_000):
                name = f"one link/{rate / 1e6:g} Mbit/s, {delay * 1e3:g} ms, {size // 1000} kB"
                yield {
                    "name": name,
                    "links": [[0, 1, rate / 8, delay]],
                    "flows": [[0, 1, size, 0.0]],
                }


def dumbbells(rng: random.Random, n: int = 12) -> Iterator[Case]:
    """Two to six senders on the left tell as many on the right, over one narrow link."""
    for i in range(n):
        pairs = rng.randint(2, 6)
        narrow = rng.choice([2e6, 5e6, 10e6]) / 8
        links = [[0, 1, narrow, round(rng.uniform(0.005, 0.05), 4)]]
        flows = []
        for k in range(pairs):
            left, right = 2 + 2 * k, 3 + 2 * k
            links.append([left, 0, 12.5e6, round(rng.uniform(0.001, 0.03), 4)])
            links.append([1, right, 12.5e6, 0.001])
            size = int(10 ** rng.uniform(5, 6.3))
            flows.append([left, right, size, round(rng.uniform(0, 2), 3)])
        yield {"name": f"dumbbell/{i}: {pairs} flows", "links": links, "flows": flows}


def waxman(rng: random.Random, n: int = 8, nodes: int = 15, messages: int = 20) -> Iterator[Case]:
    """Messages between hosts of random graphs, where one way is the shortest."""
    made = 0
    while made < n:
        graph = nx.waxman_graph(nodes, beta=0.5, alpha=0.4, seed=rng.randrange(1 << 30))
        if not nx.is_connected(graph):
            continue
        links = [
            [a, b, rng.choice([1e6, 2e6, 5e6, 10e6]) / 8, round(rng.uniform(0.005, 0.05), 4)]
            for a, b in graph.edges
        ]
        pairs = [p for p in nx.non_edges(graph) if len(list(nx.all_shortest_paths(graph, *p))) == 1]
        pairs += list(graph.edges)
        flows = [
            [*rng.choice(pairs), int(10 ** rng.uniform(4.5, 6)), round(rng.uniform(0, 5), 3)]
            for _ in range(messages)
        ]
        yield {"name": f"random graph/{made}", "links": links, "flows": flows}
        made += 1


def simulated(case: Case) -> list[float]:
    """Return the seconds of each flow of *case* in ns-3."""
    defaults = {
        "ns3::TcpSocket::SegmentSize": ns.UintegerValue(1448),
        "ns3::TcpSocket::InitialCwnd": ns.UintegerValue(10),
        "ns3::TcpSocket::SndBufSize": ns.UintegerValue(1 << 23),
        "ns3::TcpSocket::RcvBufSize": ns.UintegerValue(1 << 23),
        "ns3::TcpL4Protocol::SocketType": ns.StringValue("ns3::TcpCubic"),
        "ns3::DropTailQueue<Packet>::MaxSize": ns.StringValue("100p"),
    }
    for key, value in defaults.items():
        ns.Config.SetDefault(key, value)
    n = 1 + max(max(link[:2]) for link in case["links"])
    nodes = ns.NodeContainer()
    nodes.Create(n)
    ns.InternetStackHelper().Install(nodes)
    addresses = _connect(case, nodes)
    ns.Ipv4GlobalRoutingHelper.PopulateRoutingTables()
    sinks = [_flow(nodes, addresses, PORT + i, flow) for i, flow in enumerate(case["flows"])]
    ended = _run(case, sinks)
    ns.Simulator.Destroy()
    return [round(end - flow[3], 4) for end, flow in zip(ended, case["flows"], strict=True)]


def _connect(case: Case, nodes: Any) -> dict[int, Any]:
    helper = ns.PointToPointHelper()
    given = ns.Ipv4AddressHelper()
    given.SetBase(ns.Ipv4Address("10.0.0.0"), ns.Ipv4Mask("255.255.255.252"))
    addresses: dict[int, Any] = {}
    for a, b, rate, delay in case["links"]:
        helper.SetDeviceAttribute("DataRate", ns.StringValue(f"{round(rate * 8)}bps"))
        helper.SetChannelAttribute("Delay", ns.StringValue(f"{round(delay * 1e9)}ns"))
        ends = ns.NodeContainer()
        ends.Add(nodes.Get(a))
        ends.Add(nodes.Get(b))
        devices = helper.Install(ends)
        interfaces = given.Assign(devices)
        given.NewNetwork()
        ns.TrafficControlHelper().Uninstall(devices)
        addresses.setdefault(a, interfaces.GetAddress(0))
        addresses.setdefault(b, interfaces.GetAddress(1))
    return addresses


def _flow(nodes: Any, addresses: dict[int, Any], port: int, flow: list[Any]) -> Any:
    source, target, size, start = flow
    sender = ns.BulkSendHelper(
        "ns3::TcpSocketFactory", ns.InetSocketAddress(addresses[target], port).ConvertTo()
    )
    sender.SetAttribute("MaxBytes", ns.UintegerValue(size))
    sender.Install(nodes.Get(source)).Start(ns.Seconds(start))
    sink = ns.PacketSinkHelper(
        "ns3::TcpSocketFactory", ns.InetSocketAddress(ns.Ipv4Address.GetAny(), port).ConvertTo()
    )
    installed = sink.Install(nodes.Get(target))
    installed.Start(ns.Seconds(0))
    return installed.Get(0)


def _run(case: Case, sinks: list[Any]) -> list[float]:
    ended = [0.0] * len(sinks)
    left = set(range(len(sinks)))
    while left:
        ns.Simulator.Stop(ns.Seconds(STEP_S))
        ns.Simulator.Run()
        now = ns.Simulator.Now().GetSeconds()
        for i in [i for i in left if sinks[i].GetTotalRx() >= case["flows"][i][2]]:
            ended[i] = now - STEP_S / 2
            left.discard(i)
        if now > 600:
            raise SystemExit(f"{case['name']}: not over after 600 s")
    return ended


def main(out: Path) -> None:
    """Write the cases, with what ns-3 says, to *out*."""
    rng = random.Random(1)
    cases = [*one_link(), *dumbbells(rng), *waxman(rng)]
    for case in cases:
        seconds = simulated(case)
        case["flows"] = [[*flow, s] for flow, s in zip(case["flows"], seconds, strict=True)]
        print(case["name"], seconds, flush=True)
    lines = ",\n".join(json.dumps(case) for case in cases)
    meta = json.dumps({"made with": "ns-3.44", "by": "benchmarks/ns3_cases.py"})
    out.write_text(f'{{"meta": {meta}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
